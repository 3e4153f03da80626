import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// The connections to one origin, and the requests that wait for one.
///
/// A free connection is taken first, the one that was used last; else a new one is made, up to the limits; else the request
/// waits its turn. A connection that is made belongs to no request: whoever is first in line gets it.
final class ConnectionPool {
  /// Not to be used once `isDetached`.
  private unowned let pools: ConnectionPools
  /// Whether the client was released. Connections that are still closing then find their pool, but no client behind it.
  private var isDetached = false
  let origin: Origin
  /// What the connections go through.
  let proxy: Proxy?
  let host: EncodedHost
  /// What the URLs of this origin begin with.
  let urlPrefix: [UInt8]
  private unowned let reactor: Reactor
  // The lists are exempt from run-time checks for overlapping access: nothing is called while one is changed.
  /// Connections without a request, in the order they were put aside.
  @exclusivity(unchecked) private var idle: [ClientConnection] = []
  /// What takes any number of requests at once, in the place of all connections.
  private var answering: AnsweringConnection?
  private var connecting: [ConnectAttempt] = []
  /// Connections made, with or without a request.
  private(set) var open = 0
  /// Requests in line, the first at `waitingStart`. One that was cancelled leaves its place empty.
  @exclusivity(unchecked) private var waiting: [HTTPClient.Exchange?] = []
  @exclusivity(unchecked) private var waitingStart = 0
  /// The number of the first place in `waiting`: places are numbered through, so that a request finds its own.
  @exclusivity(unchecked) private var firstPlace = 0
  @exclusivity(unchecked) private(set) var waitingCount = 0
  /// The number of the request by which it is in the client's line.
  var placeInLine: Int?

  init(_ origin: Origin, of pools: ConnectionPools, on reactor: Reactor) throws(HTTPWireError) {
    self.pools = pools
    self.origin = origin
    proxy = origin.socketPath == nil ? pools.configuration.proxies.proxy(for: origin) : nil
    host = try EncodedHost(origin.authority)
    urlPrefix = Array(origin.prefix.utf8)
    self.reactor = reactor
    if let answer = pools.answer { answering = AnsweringConnection(in: self, on: reactor, answer) }
  }

  /// Whether a request that a dead connection lost is sent once more.
  var repeatsRequests: Bool { !pools.isClosed }

  /// The limits of each response.
  var limits: HTTPLimits { pools.limits }

  /// Whether a response may depart from the letter. A proxy passes on what others wrote: there a doubt about where a message ends is an
  /// attack (RFC 9112 §11.2).
  var isLenient: Bool { proxy == nil && !pools.configuration.strictResponses }

  /// When a connection that is made now is too old to be used again.
  var endOfNewConnection: Int64 { pools.endOfNewConnection }

  /// Whether a proxy is asked for each request, rather than for a connection.
  var asksProxy: Bool { proxy?.kind == .http && !origin.isSecure }

  /// How many connections and requests there are.
  var counts: HTTPClient.Counts {
    HTTPClient.Counts(
      busy: answering?.busy ?? open - idle.count, idle: idle.count, connecting: connecting.count, waiting: waitingCount)
  }

  var isUnused: Bool { open == 0 && connecting.isEmpty && waitingCount == 0 && (answering?.busy ?? 0) == 0 }

  /// The last request that a function answers has ended.
  func noteUnused() {
    if !isDetached { pools.noteFreed(self) }
  }

  // MARK: - Requests

  /// Sends the request on a free connection, or puts it in line.
  func start(_ exchange: HTTPClient.Exchange) {
    if let answering {
      _ = answering.send(exchange)
      return
    }
    // A request that is sent once more may wait for a connection of its own while others are free.
    while let connection = idle.popLast() {
      if connection.hasLivedLongEnough || !connection.canCarry(exchange) {
        connection.close()
      } else {
        if !connection.send(exchange) { idle.append(connection) }
        return
      }
    }
    wait(exchange)
  }

  /// Sends a request once more, before those in line, which came later. Kept connections may be as dead as the one it was on, even if
  /// they have just carried an answer: it waits for one that is made. That has its place, which the dead one gave up.
  func retry(_ exchange: HTTPClient.Exchange) {
    if waitingStart == 0 {
      waiting.insert(nil, at: 0)
      firstPlace -= 1
    } else {
      waitingStart -= 1
    }
    waiting[waitingStart] = exchange
    wait(exchange, at: firstPlace + waitingStart)
  }

  private func wait(_ exchange: HTTPClient.Exchange) {
    waiting.append(exchange)
    wait(exchange, at: firstPlace + waiting.count - 1)
  }

  private func wait(_ exchange: HTTPClient.Exchange, at place: Int) {
    exchange.state = .waiting(self)
    exchange.place = place
    waitingCount += 1
    var deadline = exchange.deadline
    if let limit = exchange.connectTimeout { deadline = min(deadline, reactor.turnTime + limit.nanoseconds) }
    if exchange.timer == nil, deadline != .max {
      exchange.timer = reactor.callAt(Reactor.Instant(nanoseconds: deadline)) { [unowned exchange] in
        exchange.abortTimedOut()
      }
    }
    connectIfNeeded()
  }

  /// The request was cancelled while it was in line.
  func remove(_ exchange: HTTPClient.Exchange) {
    waiting[exchange.place - firstPlace] = nil
    waitingCount -= 1
    if waitingCount == 0 { removePlaces(waiting.count) }
    // A connection that nobody waits for any more is not made.
    if connecting.count > waitingCount { cancelLatestConnect() }
    pools.noteFreed(self)
  }

  /// The request that is first in line.
  var firstWaiting: HTTPClient.Exchange? {
    waitingCount == 0 ? nil : waiting[waitingStart...].lazy.compactMap { $0 }.first
  }

  private func nextWaiting() -> HTTPClient.Exchange? { nextPlace().map { take(at: $0) } }

  /// Where the request is that is next; with `isKept`, the next that goes over a connection which has carried others. Those that are sent
  /// once more are in front.
  private func nextPlace(isKept: Bool = false) -> Int? {
    if waitingCount == 0 { return nil }
    return waiting[waitingStart...].firstIndex { $0 != nil && !(isKept && $0!.isRetry) }
  }

  private func take(at place: Int) -> HTTPClient.Exchange {
    let exchange = waiting[place].take()!
    while waitingStart < waiting.count, waiting[waitingStart] == nil { waitingStart += 1 }
    if waitingStart == waiting.count || waitingStart > 64 && waitingStart > waiting.count / 2 {
      removePlaces(waitingStart)
    }
    waitingCount -= 1
    exchange.timer?.cancel()
    exchange.timer = nil
    return exchange
  }

  private func removePlaces(_ count: Int) {
    waiting.removeFirst(count)
    firstPlace += count
    waitingStart = 0
  }

  // MARK: - Connecting

  /// So many connections are made at a time. A server accepts as fast as it can; what comes faster overflows its queue, and
  /// the kernel tries again only after a second.
  private static let connectingAtOnce = 256

  /// Whether there are requests in line for which a connection is to be made, and the limits of the origin allow it.
  var needsConnection: Bool {
    connecting.count < min(waitingCount, Self.connectingAtOnce)
      && open + connecting.count < pools.configuration.connectionsPerOrigin
  }

  /// Makes a connection for each request in line, as far as the limits allow.
  func connectIfNeeded() {
    while needsConnection, pools.reserveConnection(for: self) { connect() }
  }

  /// Makes a connection, which has its place among those of the client already.
  func connect() {
    let attempt = ConnectAttempt(index: connecting.count)
    connecting.append(attempt)
    attempt.connector = connect { [self] result in connected(attempt, result) }
  }

  private func connect(_ completion: @escaping Connector.Completion) -> Connector {
    let timeout = pools.configuration.connectTimeout
    let allows = pools.configuration.allowsAddress
    if let path = origin.socketPath {
      return reactor.connectUnix(path: path, timeout: timeout, allowing: allows, completion)
    }
    let tls = origin.isSecure ? pools.tls : nil
    guard let proxy else {
      return reactor.connectTCP(
        host: origin.name, port: origin.port, timeout: timeout, tls: tls, allowing: allows, completion)
    }
    return reactor.connectTCP(
      host: proxy.host, port: proxy.port, timeout: timeout, through: proxy.tunnel(to: origin),
      to: (origin.name, origin.port), tls: tls, allowing: allows, completion)
  }

  /// Stops making the connection that was begun last, and gives up its place among those of the client.
  private func cancelLatestConnect() {
    guard let attempt = connecting.popLast() else { return }
    attempt.index = nil
    attempt.connector?.cancel()
    attempt.connector = nil
    if !isDetached { pools.releaseConnection() }
  }

  /// Takes an attempt off the list.
  private func forget(_ attempt: ConnectAttempt) {
    guard let index = attempt.index.take() else { return }
    let last = connecting.removeLast()
    if last !== attempt {
      connecting[index] = last
      last.index = index
    }
    attempt.connector = nil
  }

  private func connected(_ attempt: ConnectAttempt, _ result: Result<any ConnectedTransport, any Error>) {
    let times = attempt.connector?.times
    forget(attempt)
    // The last that holds the client, and with it these, may be the request that gets the error.
    let pools = pools
    switch result {
    case .success(let transport):
      open += 1
      let connection = ClientConnection(in: self, over: transport, times: times, on: reactor)
      transport.start(connection)
      release(connection)
      connectIfNeeded()
    case .failure(let error):
      pools.releaseConnection()
      // The attempts that are left may still serve as many; the first beyond them fails.
      if waitingCount > connecting.count, let exchange = nextWaiting() {
        exchange.finish(.failure(exchange.connectError(error)))
      }
      if !isDetached { pools.noteFreed(self) }
    }
  }

  // MARK: - Connections

  /// Takes a connection that carries more requests: the next in line get it, or it is kept.
  func release(_ connection: ClientConnection) {
    let pools = isDetached ? nil : pools
    if pools?.needsRoom(besides: self) == true { return makeRoom(connection) }
    while connection.capacity > 0, let place = nextPlace(isKept: connection.isReused) {
      if connection.isReused, !connection.canCarry(waiting[place]!) { return connection.close() }
      _ = connection.send(take(at: place))
    }
    if connection.capacity == 0 { return }
    // Those that are left want a connection of their own, for which there is no room.
    if waitingCount > 0, placeInLine != nil { return makeRoom(connection) }
    guard let pools, pools.keepsIdle else { return connection.close() }
    connection.idleSince = reactor.turnTime
    idle.append(connection)
    pools.watchIdle()
  }

  /// Takes away a connection that is of no use any more, if it is free.
  func removeIdle(_ connection: ClientConnection) {
    if let index = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: index) }
  }

  /// A connection has ended.
  func lost(_ connection: ClientConnection) {
    open -= 1
    if isDetached { return }
    pools.releaseConnection(makingRoom: connection.isMakingRoom)
    removeIdle(connection)
    pools.noteFreed(self)
  }

  /// Closes the connections that were put aside before `time`; returns when the oldest of the others was.
  func closeIdle(before time: Int64) -> Int64? {
    let old = idle.prefix { $0.idleSince <= time }
    idle.removeFirst(old.count)
    for connection in old { connection.close() }
    return idle.first?.idleSince
  }

  /// Closes the connection that was put aside first, to make room for one elsewhere.
  func closeOldestIdle() -> Bool {
    guard !idle.isEmpty else { return false }
    makeRoom(idle.removeFirst())
    return true
  }

  private func makeRoom(_ connection: ClientConnection) {
    connection.isMakingRoom = true
    if !isDetached { pools.noteRoomComing() }
    connection.close()
  }

  /// The client goes away, and nothing is under way: a request keeps its client.
  func detach() {
    isDetached = true
    for connection in idle.take() { connection.close() }
    // Those that were made for requests which have got another meanwhile.
    while !connecting.isEmpty { cancelLatestConnect() }
  }

  /// The reactor is let go of, and its connections with it: lets go of all, without a word.
  func abandon() {
    isDetached = true
    while let exchange = nextWaiting() { exchange.abandon() }
    answering?.abandon()
    for attempt in connecting.take() {
      attempt.index = nil
      attempt.connector = nil
    }
    idle = []
  }

  /// Fails what waits and closes what is free; requests under way end on their own.
  func close(_ makeError: (HTTPClient.Exchange) -> any Error) {
    while let exchange = nextWaiting() { exchange.finish(.failure(makeError(exchange))) }
    while !connecting.isEmpty { cancelLatestConnect() }
    for connection in idle.take() { connection.close() }
    pools.noteFreed(self)
  }
}

/// A connection being made. One that is given up is cancelled, and then tells nothing.
private final class ConnectAttempt {
  /// Its place in the list of its pool, while it is on it.
  var index: Int?
  var connector: Connector?

  init(index: Int) { self.index = index }
}

extension Array {
  /// Moves the elements out.
  fileprivate mutating func take() -> [Element] {
    defer { self = [] }
    return self
  }
}

extension Proxy {
  /// How a connection through it to `origin` is asked for; nil where each request is.
  fileprivate func tunnel(to origin: Origin) -> (() -> any TunnelNegotiation)? {
    switch kind {
    case .http:
      guard origin.isSecure else { return nil }
      return { ConnectNegotiation(self, to: origin) }
    case .socks5:
      return {
        SOCKS5Negotiation(
          proxy: "\(self)", host: origin.name, port: UInt16(origin.port),
          credentials: credentials.map { ($0.user, $0.password) })
      }
    }
  }
}

extension HTTPClient.Exchange {
  /// The error of a connection that could not be made for this request.
  func connectError(_ underlying: any Error) -> any Error {
    switch underlying {
    case let network as NetError: error(.cannotConnect, network.description, network: network)
    case let timeout as TimeoutError: error(.timeout, "\(timeout): is the server there?")
    default: error(.cannotConnect, "\(underlying)")
    }
  }
}
