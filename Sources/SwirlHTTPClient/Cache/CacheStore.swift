import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

/// Where a cache keeps responses: some for each key, the latest first. Nothing here fails: a cache that is broken is empty.
protocol CacheStore: AnyObject {
  /// How much it keeps, in bytes.
  var limit: Int { get }
  func load(_ key: String, on reactor: @autoclosure () -> Reactor) -> Deferred<CacheFound>
  /// Changes what is kept under `key`; one change after the other, in the order they were asked for.
  func update(
    _ key: String, on reactor: @autoclosure () -> Reactor,
    _ change: @escaping @Sendable (inout [CachedResponse]) -> Void
  ) -> Deferred<CacheEffects>
  func removeAll(on reactor: @autoclosure () -> Reactor) -> Deferred<CacheEffects>
}

struct CacheFound: Sendable {
  var responses: [CachedResponse] = []
  var effects = CacheEffects()
}

/// What a store had to do.
struct CacheEffects: Sendable {
  var evictions = 0
  var failures = 0
}

extension [CachedResponse] {
  /// No more variants of a resource are kept: they are looked through one by one.
  private static var most: Int { 16 }

  /// Puts `response` first, in the place of what it replaces.
  mutating func put(_ response: CachedResponse) {
    removeAll {
      $0.variant == response.variant && $0.isHead == response.isHead && $0.isDecoded == response.isDecoded
    }
    insert(response, at: 0)
    if count > Self.most { removeLast(count - Self.most) }
  }

  var size: Int { reduce(0) { $0 + $1.size } }
}
