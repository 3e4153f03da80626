import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor
import SwirlTLS

/// The connections of a client: a pool for each origin, and their shared state: the total number of connections, the
/// queue of waiting pools, and the timer of idle connections.
///
/// Its fields are exempt from run-time checks for overlapping access: each is used and left in one place, which calls
/// nothing back.
final class ConnectionPools {
  typealias Answer = (HTTPClient.Request) throws -> Deferred<HTTPClient.StreamedResponse>

  /// No connection is shared by requests that offer other protocols to a server.
  private struct Key: Hashable {
    let origin: Origin
    let use: HTTPClient.HTTP2Use
    /// Whether a proxy is asked for tunnels only: it cannot forward a request for another protocol.
    var isTunnelled = false
  }

  let configuration: HTTPClient.Configuration
  /// Stands in for all servers.
  let answer: Answer?
  let proxySessions = ProxySessions()
  private unowned let reactor: Reactor
  /// Where the client was made: the place of its connections, too.
  let site: CallSite
  /// The limits of each response.
  let limits: HTTPLimits
  /// The TLS configuration for `https` origins, and the same for HTTP/1.1 alone.
  private let tls: TLSConfiguration
  private let http1TLS: TLSConfiguration
  /// The TLS configuration for `https` proxies.
  let proxyTLS: TLSConfiguration
  let idleNanoseconds: Int64
  private let lifetimeNanoseconds: Int64?
  /// The origins whose servers are known to speak HTTP/2.
  private let knownOrigins: Set<Origin>
  private var pools: [Key: ConnectionPool] = [:]
  /// Which protocol an origin speaks, as far as it was seen.
  private var protocols: [Origin: ConnectionPool.WireProtocol] = [:]
  /// The pool of the previous request.
  @exclusivity(unchecked) private(set) var latest: ConnectionPool?
  /// The number of established, pending and reserved connections.
  @exclusivity(unchecked) private(set) var connections = 0
  @exclusivity(unchecked) private var line = PoolLine()
  /// The number of connections being closed for queued requests.
  @exclusivity(unchecked) private var roomComing = 0
  private var idleTimer: DelayedCall?
  @exclusivity(unchecked) private(set) var isClosed = false

  init(
    _ configuration: HTTPClient.Configuration, answering answer: Answer?, on reactor: Reactor, at site: CallSite
  ) {
    self.answer = answer
    self.configuration = configuration
    self.reactor = reactor
    self.site = site
    var limits = configuration.limits
    limits.bodyBytes = configuration.maximumBodySize
    self.limits = limits
    knownOrigins = Set(configuration.http2PriorKnowledgeOrigins.map(Origin.init(known:)))
    tls = configuration.tls.offering(configuration.http2.applicationProtocols)
    http1TLS = configuration.tls.offering(HTTPClient.HTTP2Use.off.applicationProtocols)
    proxyTLS = configuration.proxyTLS.offering(HTTPClient.HTTP2Use.off.applicationProtocols)
    idleNanoseconds = configuration.idleTimeout.nanoseconds
    lifetimeNanoseconds = configuration.connectionLifetime?.nanoseconds
  }

  /// When a connection that is made now will be too old for reuse.
  var endOfNewConnection: Int64 { lifetimeNanoseconds.map { reactor.turnTime + $0 } ?? .max }

  /// The configuration's choice for requests to `origin`.
  func use(for origin: Origin) -> HTTPClient.HTTP2Use {
    #if HTTP2
    if knownOrigins.contains(origin) { return .priorKnowledge }
    #endif
    return configuration.http2
  }

  /// - Parameter use: when the request uses HTTP/2; nil is the configuration's choice.
  func pool(for origin: Origin, _ use: HTTPClient.HTTP2Use? = nil) throws(HTTPURL.Malformed) -> ConnectionPool {
    try pool(Key(origin: origin, use: use ?? self.use(for: origin)))
  }

  /// The pool for an upgrade: an HTTP/2 connection that is there and takes tunnels, as in browsers, or HTTP/1.1; but
  /// HTTP/2 first where the server is known to speak it.
  func pool(for origin: Origin, upgrading exchange: HTTPClient.Exchange) throws(HTTPURL.Malformed) -> ConnectionPool {
    let proxy = origin.socketPath == nil ? configuration.proxies.proxy(for: origin) : nil
    let isTunnelled = proxy?.isHTTP == true && !origin.isSecure
    let key = Key(origin: origin, use: exchange.request.http2Use ?? use(for: origin), isTunnelled: isTunnelled)
    if !exchange.isForHTTP1 {
      if let pool = pools[key], pool.hasTunnelRoom(for: exchange) { return pool }
      if key.use.isPriorKnowledge { return try pool(key) }
    }
    return try pool(Key(origin: origin, use: .off, isTunnelled: isTunnelled))
  }

  private func pool(_ key: Key) throws(HTTPURL.Malformed) -> ConnectionPool {
    let isDefault = key.use == use(for: key.origin) && !key.isTunnelled
    if let pool = pools[key] {
      if isDefault { latest = pool }
      return pool
    }
    do throws(HTTPWireError) {
      let pool = try ConnectionPool(key.origin, key.use, isTunnelled: key.isTunnelled, of: self, on: reactor)
      pools[key] = pool
      if isDefault { latest = pool }
      return pool
    } catch { throw HTTPURL.Malformed(error.message) }
  }

  /// The protocol of connections to `origin` if that is no question; nil if the server chooses.
  func expectedProtocol(of origin: Origin, _ use: HTTPClient.HTTP2Use) -> ConnectionPool.WireProtocol? {
    use.expectedProtocol(isSecure: origin.isSecure, offered: tls(use).applicationProtocols)
  }

  /// The TLS configuration of connections.
  func tls(_ use: HTTPClient.HTTP2Use) -> TLSConfiguration {
    if use == configuration.http2 { return tls }
    return use == .off ? http1TLS : configuration.tls.offering(use.applicationProtocols)
  }

  /// The protocol that `origin` spoke last.
  func knownProtocol(of origin: Origin) -> ConnectionPool.WireProtocol? { protocols[origin] }

  func note(_ known: ConnectionPool.WireProtocol, of origin: Origin) {
    // What is forgotten is found out again by the next connection.
    if protocols.count >= 10_000 { protocols = [:] }
    protocols[origin] = known
  }

  var counts: HTTPClient.Counts { pools.values.reduce(into: HTTPClient.Counts()) { $0 += $1.counts } }

  func counts(for origin: Origin) -> HTTPClient.Counts {
    pools.values.reduce(into: HTTPClient.Counts()) { if $1.origin == origin { $0 += $1.counts } }
  }

  /// Whether it has no connection and no queued request.
  var isUnused: Bool { pools.isEmpty && connections == 0 && line.isEmpty && roomComing == 0 }

  // MARK: - Connections in all

  /// Reserves a slot for a new connection. If all are in use the pool is queued, and gets the next.
  func reserveConnection(for pool: ConnectionPool) -> Bool {
    if connections < configuration.connections {
      connections += 1
      return true
    }
    line.insert(pool)
    // Close an idle connection to another origin in favour of a queued request.
    if roomComing < line.count { _ = pools.values.contains { $0.closeOldestIdle() } }
    return false
  }

  /// Notes that a connection is being closed for another origin.
  func noteRoomComing() { roomComing += 1 }

  /// Releases the slot of a connection.
  func releaseConnection(makingRoom: Bool = false) {
    connections -= 1
    if makingRoom { roomComing -= 1 }
  }

  /// Whether a connection of `pool` must make room for a request to another origin that is older than `pool`'s first.
  func needsRoom(besides pool: ConnectionPool) -> Bool {
    // At the total limit, its slot goes to the oldest request.
    guard !line.isEmpty, roomComing < line.count, let first = line.first(), first !== pool else { return false }
    return first.placeInLine! < pool.firstWaiting?.number ?? .max
  }

  /// `pool` has released a slot or left the queue: the next connection is for the oldest request.
  func noteFreed(_ pool: ConnectionPool) {
    if pool.isUnused {
      line.remove(pool)
      let key = Key(origin: pool.origin, use: pool.use, isTunnelled: pool.isForTunnels)
      if pools[key] === pool { pools[key] = nil }
      if latest === pool { latest = nil }
    } else if !line.isEmpty, pool.needsConnection {
      line.insert(pool)
    }
    while connections < configuration.connections, let next = line.next() {
      connections += 1
      next.connect()
      if next.needsConnection { line.insert(next) }
    }
    pool.connectIfNeeded()
  }

  // MARK: - Idle connections

  /// Whether to keep idle connections.
  var keepsIdle: Bool { !isClosed && idleNanoseconds != 0 }

  /// Closes connections after the idle timeout. One timer serves all: it checks, and is set for the oldest.
  func watchIdle() {
    if let idleTimer, idleTimer.isActive { return }
    idleTimer = reactor.callLater(configuration.idleTimeout) { [unowned self] in closeIdle() }
  }

  private func closeIdle() {
    let limit = reactor.turnTime - idleNanoseconds
    guard let oldest = pools.values.compactMap({ $0.closeIdle(before: limit) }).min() else { return }
    idleTimer = reactor.callAt(Instant(nanoseconds: oldest + idleNanoseconds)) { [unowned self] in
      closeIdle()
    }
  }

  // MARK: - The end

  /// Closes idle connections and fails queued requests; requests in progress end on their own.
  func close(_ makeError: (HTTPClient.Exchange) -> any Error) {
    isClosed = true
    idleTimer?.cancel()
    for pool in pools.values { pool.close(makeError) }
  }

  /// The reactor is released.
  func abandon() {
    idleTimer?.cancel()
    isClosed = true
    latest = nil
    line = PoolLine()
    let pools = pools
    self.pools = [:]
    for pool in pools.values { pool.abandon() }
  }

  /// The client is released, so no request is in progress.
  func detach() {
    idleTimer?.cancel()
    latest = nil
    line = PoolLine()
    // Each pool retains this object, so the list of them would be a cycle.
    let pools = pools
    self.pools = [:]
    for pool in pools.values { pool.detach() }
  }
}

extension Origin {
  /// An origin of the configuration.
  fileprivate init(known text: String) {
    guard let url = try? HTTPURL(text), url.target == "/" else {
      let shown = text.redactedURL
      fatalError("`http2PriorKnowledgeOrigins` has \"\(shown)\", which is no URL of an origin: http://host:port")
    }
    self = url.origin
  }
}

extension TLSConfiguration {
  /// The same, with these application protocols if it has no such list.
  fileprivate func offering(_ protocols: [String]) -> TLSConfiguration {
    var tls = self
    if tls.applicationProtocols.isEmpty { tls.applicationProtocols = protocols }
    return tls
  }
}
