import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

/// Responses in memory: a list by last use, the latest first, with an index.
final class MemoryCacheStore: CacheStore {
  private final class Page {
    let key: String
    var responses: [CachedResponse] = []
    var size = 0
    var next: Page?
    /// Unowned: it is in the same list, and so alive.
    unowned var previous: Page?

    init(_ key: String) { self.key = key }
  }

  let limit: Int
  private var pages: [String: Page] = [:]
  private var first: Page?
  private var last: Page?
  private(set) var size = 0

  init(limit: Int) { self.limit = limit }

  // One by one: a long list would release itself recursively and overflow the stack.
  deinit { while let page = first { unlink(page) } }

  func load(_ key: String, on reactor: @autoclosure () -> Reactor) -> Deferred<CacheFound> {
    guard let page = pages[key] else { return .succeed(CacheFound()) }
    unlink(page)
    link(page)
    return .succeed(CacheFound(responses: page.responses))
  }

  func update(
    _ key: String, on reactor: @autoclosure () -> Reactor,
    _ change: @escaping @Sendable (inout [CachedResponse]) -> Void
  ) -> Deferred<CacheEffects> {
    let page = pages[key] ?? Page(key)
    if pages[key] != nil { unlink(page) }
    size -= page.size
    change(&page.responses)
    // A page by itself must fit.
    var effects = CacheEffects()
    while page.responses.count > 0, page.responses.size + key.utf8.count > limit {
      page.responses.removeLast()
      effects.evictions += 1
    }
    page.size = page.responses.isEmpty ? 0 : page.responses.size + key.utf8.count
    pages[key] = page.responses.isEmpty ? nil : page
    if !page.responses.isEmpty { link(page) }
    size += page.size
    while size > limit, let oldest = last {
      unlink(oldest)
      pages[oldest.key] = nil
      size -= oldest.size
      effects.evictions += oldest.responses.count
    }
    return .succeed(effects)
  }

  func removeAll(on reactor: @autoclosure () -> Reactor) -> Deferred<CacheEffects> {
    while let page = first { unlink(page) }
    pages = [:]
    size = 0
    return .succeed(CacheEffects())
  }

  private func link(_ page: Page) {
    page.next = first
    first?.previous = page
    first = page
    if last == nil { last = page }
  }

  private func unlink(_ page: Page) {
    if let previous = page.previous { previous.next = page.next } else { first = page.next }
    if let next = page.next { next.previous = page.previous } else { last = page.previous }
    page.next = nil
    page.previous = nil
  }
}
