public import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

/// Stores responses, and serves them while they are usable (RFC 9111, and RFC 5861 for stale ones): for
/// `HTTPClient.intercept`.
///
/// ```swift
/// let cache = HTTPCache(directory: "/var/cache/example", limit: 1 << 30)
/// client.intercept(cache)
/// …
/// print(response.cacheOutcome, cache.counts)
/// ```
///
/// It is a private cache: it stores responses for one user, and serves a request with credentials only from responses
/// to the same credentials. It evicts the least recently used. It belongs to the thread of its clients' reactor.
public final class HTTPCache {
  /// The outcome of a cache lookup.
  public enum Outcome: Sendable, Hashable {
    /// A fresh stored response.
    case hit
    /// A stale stored response, as the server or the request allowed.
    case stale
    /// A stored response that the server validated.
    case revalidated
    /// A response of the server.
    case miss
  }

  /// Its counters.
  public struct Counts: Sendable, Hashable {
    /// Fresh responses served.
    public internal(set) var hits = 0
    /// Stale responses served, as the server or the request allowed.
    public internal(set) var stale = 0
    /// Stored responses that the server validated.
    public internal(set) var revalidated = 0
    /// Requests answered by the server.
    public internal(set) var misses = 0
    /// Responses stored or updated.
    public internal(set) var stores = 0
    /// Evicted responses.
    public internal(set) var evictions = 0
    /// Failures of the file system, and damaged files: the requests bypassed the cache.
    public internal(set) var failures = 0
  }

  /// Its counters.
  public internal(set) var counts = Counts()

  let store: any CacheStore
  /// Seconds since 1970.
  var now: () -> Int = { WallClock.now }
  /// The requests in flight to servers.
  private var flights: [String: [CacheFlight]] = [:]
  /// What is being asked of servers for more than one request, perhaps.
  var misses: [String: SharedMiss] = [:]
  /// The number of pending changes of the store.
  private(set) var pendingUpdates = 0
  /// The running background revalidations.
  var background: Set<String> = []

  init(_ store: any CacheStore) { self.store = store }

  /// A cache in memory.
  /// - Parameter limit: its limit in bytes; by default 64 MiB.
  public convenience init(memory limit: Int = 64 << 20) {
    require(limit >= 0, "a limit is a number of bytes, not \(limit)")
    self.init(MemoryCacheStore(limit: limit))
  }

  /// A cache in a directory, which several processes may share; it is created on demand.
  ///
  /// Threads read and write its files. Only their owner can read them. A response that cannot be written is not stored,
  /// and one that cannot be read is requested again: neither fails a request.
  ///
  /// - Parameters:
  ///   - path: the directory. It should have nothing else in it.
  ///   - limit: its limit in bytes; by default 512 MiB. It may be exceeded until old files are evicted.
  public convenience init(directory path: String, limit: Int = 512 << 20) {
    require(limit >= 0, "a limit is a number of bytes, not \(limit)")
    require(!path.isEmpty && !path.utf8.contains(0), "a path is not empty and has no zero in it")
    self.init(DiskCacheStore(path, limit: limit))
  }

  /// Removes the responses of `url`. The Deferred fires when that is done; responses in flight are not stored either.
  @discardableResult
  public func remove(_ url: String) -> Deferred<Void> {
    guard let key = Self.key(of: url) else { return .succeed() }
    for flight in flights[key] ?? [] { flight.isOutdated = true }
    return update(key) { $0 = [] }
  }

  /// Removes all responses. The Deferred fires when that is done; responses in flight are not stored either.
  @discardableResult
  public func removeAll() -> Deferred<Void> {
    for flight in flights.values.joined() { flight.isOutdated = true }
    return store.removeAll(on: .current).addCallback { self.note($0) }
  }

  // MARK: - Within

  /// The key of a URL: the part that is sent to the server. nil for an invalid URL.
  static func key(of url: String) -> String? {
    guard let parts = try? HTTPURL(url) else { return nil }
    return parts.origin.prefix + parts.target
  }

  func takeOff(_ key: String) -> CacheFlight {
    let flight = CacheFlight()
    flights[key, default: []].append(flight)
    return flight
  }

  func land(_ flight: CacheFlight, _ key: String) {
    flights[key]?.removeAll { $0 === flight }
    if flights[key]?.isEmpty == true { flights[key] = nil }
  }

  /// The responses under `key`. It never fails.
  func load(_ key: String) -> Deferred<[CachedResponse]> {
    store.load(key, on: .current).addCallback { found in
      self.note(found.effects)
      return found.responses
    }
  }

  /// Changes the responses under `key`. It never fails.
  @discardableResult
  func update(_ key: String, _ change: @escaping @Sendable (inout [CachedResponse]) -> Void) -> Deferred<Void> {
    pendingUpdates += 1
    return store.update(key, on: .current, change).addCallback { effects in
      self.pendingUpdates -= 1
      self.note(effects)
    }
  }

  private func note(_ effects: CacheEffects) {
    counts.evictions += effects.evictions
    counts.failures += effects.failures
  }
}

/// A request that a server has not answered yet.
final class CacheFlight {
  /// Whether its response may be older than a later invalidation.
  var isOutdated = false
}

@available(*, unavailable, message: "A cache belongs to the thread of its clients' reactor: make one for each")
extension HTTPCache: Sendable {}
