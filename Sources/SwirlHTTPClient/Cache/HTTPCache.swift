public import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

/// Keeps responses, and answers with them while they are good (RFC 9111, and RFC 5861 for stale ones): for
/// `HTTPClient.intercept`.
///
/// ```swift
/// let cache = HTTPCache(directory: "/var/cache/example", limit: 1 << 30)
/// client.intercept(cache)
/// …
/// print(response.cacheOutcome, cache.counts)
/// ```
///
/// It is a private cache: it keeps what is for one user, and answers requests with credentials only with what was answered to the
/// same ones. What was used last is kept longest. It belongs to the thread of its clients' reactor.
public final class HTTPCache {
  /// What came of asking a cache.
  public enum Outcome: Sendable, Hashable {
    /// It answered, with what was fresh.
    case hit
    /// It answered, with what had expired, as the server or the request allowed.
    case stale
    /// The server said that what was kept is still good.
    case revalidated
    /// The server answered.
    case miss
  }

  /// What it has done so far.
  public struct Counts: Sendable, Hashable {
    /// Answers that were fresh.
    public internal(set) var hits = 0
    /// Answers that had expired, as the server or the request allowed.
    public internal(set) var stale = 0
    /// Answers of which the server said that they are still good.
    public internal(set) var revalidated = 0
    /// Requests that the server answered.
    public internal(set) var misses = 0
    /// Responses that were kept, or brought up to date.
    public internal(set) var stores = 0
    /// Responses that made room for others.
    public internal(set) var evictions = 0
    /// What a file system refused, and files that were damaged: the requests went on without.
    public internal(set) var failures = 0
  }

  /// What it has done so far.
  public internal(set) var counts = Counts()

  let store: any CacheStore
  /// Seconds since 1970.
  var now: () -> Int = { WallClock.now }
  /// What is being asked of servers.
  private var flights: [String: [CacheFlight]] = [:]
  /// What is being asked of servers for more than one request, perhaps.
  var misses: [String: SharedMiss] = [:]
  /// Changes of the store that are under way.
  private(set) var pendingUpdates = 0
  /// What is being asked for again behind answers that were given.
  var background: Set<String> = []

  init(_ store: any CacheStore) { self.store = store }

  /// A cache in memory.
  /// - Parameter limit: how much it keeps, in bytes; 64 MiB unless told otherwise.
  public convenience init(memory limit: Int = 64 << 20) {
    require(limit >= 0, "a limit is a number of bytes, not \(limit)")
    self.init(MemoryCacheStore(limit: limit))
  }

  /// A cache in a directory, which several processes may share; it is made when it is needed.
  ///
  /// Files are read and written on threads. They can be read by their owner only. What cannot be written is
  /// not kept, and what cannot be read is asked for: neither is an error of a request.
  ///
  /// - Parameters:
  ///   - path: the directory. It should have nothing else in it.
  ///   - limit: how much it keeps, in bytes; 512 MiB unless told otherwise. Until old files are removed it may be more.
  public convenience init(directory path: String, limit: Int = 512 << 20) {
    require(limit >= 0, "a limit is a number of bytes, not \(limit)")
    require(!path.isEmpty && !path.utf8.contains(0), "a path is not empty and has no zero in it")
    self.init(DiskCacheStore(path, limit: limit))
  }

  /// Forgets what is kept of `url`. Done when the Deferred fires; what is being asked for then is not kept either.
  @discardableResult
  public func remove(_ url: String) -> Deferred<Void> {
    guard let key = Self.key(of: url) else { return .succeed() }
    for flight in flights[key] ?? [] { flight.isOutdated = true }
    return update(key) { $0 = [] }
  }

  /// Forgets all. Done when the Deferred fires; what is being asked for then is not kept either.
  @discardableResult
  public func removeAll() -> Deferred<Void> {
    for flight in flights.values.joined() { flight.isOutdated = true }
    return store.removeAll(on: .current).addCallback { self.note($0) }
  }

  // MARK: - Within

  /// Under which name what a URL answers is kept: what is sent to the server of it. nil for what is no URL.
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

  /// What is kept under `key`; never a failure.
  func load(_ key: String) -> Deferred<[CachedResponse]> {
    store.load(key, on: .current).addCallback { found in
      self.note(found.effects)
      return found.responses
    }
  }

  /// Changes what is kept under `key`; never a failure.
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
  /// Whether its answer may be older than a change that was made meanwhile.
  var isOutdated = false
}

@available(*, unavailable, message: "A cache belongs to the thread of its clients' reactor: make one for each")
extension HTTPCache: Sendable {}
