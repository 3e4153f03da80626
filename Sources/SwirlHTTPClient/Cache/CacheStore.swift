import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

/// The storage of a cache: several responses for each key, the latest first. It never fails: a broken cache is empty.
protocol CacheStore: AnyObject {
  /// Its limit in bytes.
  var limit: Int { get }
  func load(_ key: String, on reactor: @autoclosure () -> Reactor) -> Deferred<CacheFound>
  /// Changes the responses under `key`. Changes run one after the other, in FIFO order.
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

/// The side effects of a change.
struct CacheEffects: Sendable {
  var evictions = 0
  var failures = 0
}

extension [CachedResponse] {
  /// The maximum number of variants of a resource, because they are searched linearly.
  private static var most: Int { 16 }

  /// Inserts `response` at the front, and removes the one it replaces.
  mutating func put(_ response: CachedResponse) {
    removeAll {
      $0.variant == response.variant && $0.isHead == response.isHead && $0.isDecoded == response.isDecoded
    }
    insert(response, at: 0)
    if count > Self.most { removeLast(count - Self.most) }
  }

  var size: Int { reduce(0) { $0 + $1.size } }
}
