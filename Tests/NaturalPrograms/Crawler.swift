import Swirl

/// A class of the main actor, half in callbacks and half in async code, over the same fields.
@MainActor final class Crawler {
  private let base: String
  private var titles: [String: String] = [:]
  private var failures = 0
  private let lock = Deferred<Void>()

  init(_ base: String) { self.base = base }

  func crawl(_ paths: [String]) async throws {
    let all = paths.map { path in
      visit(path).addCallbacks({ self.titles[path] = $0 }, { _ in self.failures += 1 })
    }
    _ = try await DeferredList(all).value
    let more = try await fetch("\(base)/awaited")
    titles["/awaited"] = more.text
    let mixed = Deferred { try await self.later("/mixed") }
    titles["/mixed"] = try await mixed.addTimeout(.seconds(5), clock: reactor).value
    for path in titles.keys.sorted() { got("class: \(titles[path]!)") }
  }

  private func visit(_ path: String) -> Deferred<String> {
    let page = fetch(base + path)
    page.addErrback { error in
      print(error)
      throw error
    }
    return page.addCallback { page in page.text }
  }

  private func later(_ path: String) async throws -> String {
    try await reactor.sleep(.milliseconds(1)).value
    return try await fetch(base + path).text
  }
}
