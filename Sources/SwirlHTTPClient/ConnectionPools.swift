import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// The connections of a client: a pool for each origin, and what they share, which is the number of connections in all, the line of
/// those that wait for one, and the timer of idle ones.
final class ConnectionPools {
  typealias Answer = (HTTPClient.Request) throws -> Deferred<HTTPClient.StreamedResponse>

  let configuration: HTTPClient.Configuration
  /// Stands in for all servers.
  let answer: Answer?
  private unowned let reactor: Reactor
  /// The limits of each response.
  let limits: HTTPLimits
  /// How connections to `https` origins are secured.
  let tls: TLSConfiguration
  let idleNanoseconds: Int64
  private let lifetimeNanoseconds: Int64?
  private var pools: [Origin: ConnectionPool] = [:]
  /// The pool of the request before.
  @exclusivity(unchecked) private(set) var latest: ConnectionPool?
  /// Connections made or being made; and places kept for those that are about to be.
  private(set) var connections = 0
  private var line = PoolLine()
  /// Connections that are being closed for those in line.
  private var roomComing = 0
  private var idleTimer: DelayedCall?
  private(set) var isClosed = false

  init(_ configuration: HTTPClient.Configuration, answering answer: Answer?, on reactor: Reactor) {
    self.answer = answer
    self.configuration = configuration
    self.reactor = reactor
    var limits = configuration.limits
    limits.bodyBytes = configuration.maximumBodySize
    self.limits = limits
    var tls = configuration.tls
    if tls.applicationProtocols.isEmpty { tls.applicationProtocols = ["http/1.1"] }
    self.tls = tls
    idleNanoseconds = configuration.idleTimeout.nanoseconds
    lifetimeNanoseconds = configuration.connectionLifetime?.nanoseconds
  }

  /// When a connection that is made now is too old to be used again.
  var endOfNewConnection: Int64 { lifetimeNanoseconds.map { reactor.turnTime + $0 } ?? .max }

  func pool(for origin: Origin) throws(HTTPURL.Malformed) -> ConnectionPool {
    if let pool = pools[origin] {
      latest = pool
      return pool
    }
    do throws(HTTPWireError) {
      let pool = try ConnectionPool(origin, of: self, on: reactor)
      pools[origin] = pool
      latest = pool
      return pool
    } catch { throw HTTPURL.Malformed(error.message) }
  }

  var counts: HTTPClient.Counts { pools.values.reduce(into: HTTPClient.Counts()) { $0 += $1.counts } }

  func counts(for origin: Origin) -> HTTPClient.Counts? { pools[origin]?.counts }

  /// Whether it has no connection, and no request that waits for one.
  var isUnused: Bool { pools.isEmpty && connections == 0 && line.isEmpty && roomComing == 0 }

  // MARK: - Connections in all

  /// Takes a place among the connections for a new one. Without one the pool is in line, and gets the next.
  func reserveConnection(for pool: ConnectionPool) -> Bool {
    if connections < configuration.connections {
      connections += 1
      return true
    }
    line.insert(pool)
    // A free connection to somewhere else is worth less than one that is waited for.
    if roomComing < line.count { _ = pools.values.contains { $0.closeOldestIdle() } }
    return false
  }

  /// A connection is closed so that one to another origin can be made.
  func noteRoomComing() { roomComing += 1 }

  /// Gives up the place of a connection.
  func releaseConnection(makingRoom: Bool = false) {
    connections -= 1
    if makingRoom { roomComing -= 1 }
  }

  /// Whether a connection of `pool` is to make room for a request to another origin, which came before `pool`'s first.
  func needsRoom(besides pool: ConnectionPool) -> Bool {
    // When there are too many in all, its place goes to the request that came first.
    guard !line.isEmpty, roomComing < line.count, let first = line.first(), first !== pool else { return false }
    return first.placeInLine! < pool.firstWaiting?.number ?? .max
  }

  /// A connection or a place in line was given up by `pool`: the next connection is for the request that came first.
  func noteFreed(_ pool: ConnectionPool) {
    if pool.isUnused {
      line.remove(pool)
      if pools[pool.origin] === pool { pools[pool.origin] = nil }
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

  /// Whether a connection without a request is kept.
  var keepsIdle: Bool { !isClosed && idleNanoseconds != 0 }

  /// Closes connections when they have been free for too long. One timer for all: it looks, and comes back for the oldest.
  func watchIdle() {
    if let idleTimer, idleTimer.isActive { return }
    idleTimer = reactor.callLater(configuration.idleTimeout) { [unowned self] in closeIdle() }
  }

  private func closeIdle() {
    let limit = reactor.turnTime - idleNanoseconds
    guard let oldest = pools.values.compactMap({ $0.closeIdle(before: limit) }).min() else { return }
    idleTimer = reactor.callAt(Reactor.Instant(nanoseconds: oldest + idleNanoseconds)) { [unowned self] in
      closeIdle()
    }
  }

  // MARK: - The end

  /// Closes the connections that are free and fails the requests that wait; those under way end on their own.
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

  /// The client is released, and nothing is under way.
  func detach() {
    idleTimer?.cancel()
    for pool in pools.values { pool.detach() }
  }
}
