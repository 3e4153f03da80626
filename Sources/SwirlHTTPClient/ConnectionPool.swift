import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// The connections to one origin, and the requests that wait for one.
///
/// A request takes the most recently used idle connection; otherwise the pool makes a new one, up to the limits;
/// otherwise the request waits in FIFO order. A new connection belongs to no request: the first request in the queue
/// gets it.
final class ConnectionPool {
  /// They list this pool, and drop their lists when the client or the reactor is released.
  let pools: ConnectionPools
  /// Whether the client was released: connections that are still closing count for it no longer.
  private(set) var isDetached = false
  let origin: Origin
  /// When its requests use HTTP/2.
  let use: HTTPClient.HTTP2Use
  /// The proxy of the connections.
  let proxy: Proxy?
  /// Whether a proxy that could forward requests is asked for tunnels.
  let isForTunnels: Bool
  let host: EncodedHost
  /// The prefix of the origin's URLs.
  let urlPrefix: [UInt8]
  unowned let reactor: Reactor
  // These are exempt from run-time checks for overlapping access: no callback runs while one changes.
  /// Idle connections, in the order they became idle.
  @exclusivity(unchecked) private var idle: [ClientConnection] = []
  /// Connections that carry many requests at once. Those that take no more are not among them.
  @exclusivity(unchecked) var shared: [any SharedConnection] = []
  /// One of them, whose successor is being connected.
  @exclusivity(unchecked) weak var renewed: (any SharedConnection)?
  /// How many streams a new shared connection begins before the server's settings come: as many as on the last one.
  var assumedStreamLimit = ConnectionPool.recommendedStreamLimit
  /// What RFC 9113 §6.5.2 recommends to servers, at least.
  static let recommendedStreamLimit = 100
  /// Whether a further shared connection could not be made: the others have to do.
  @exclusivity(unchecked) var isFurtherRefused = false
  /// What the origin speaks: nil until the first connection says so.
  @exclusivity(unchecked) var wireProtocol: WireProtocol?
  /// Answers all requests in place of connections: the client of a function, which opens no socket.
  @exclusivity(unchecked) private var answering: AnsweringConnection?
  @exclusivity(unchecked) private var connecting: [ConnectAttempt] = []
  /// The number of established connections, busy and idle.
  @exclusivity(unchecked) var open = 0
  @exclusivity(unchecked) var waiting = WaitingRequests()
  /// The sequence number of the request with which it is in the client's queue.
  @exclusivity(unchecked) var placeInLine: Int?

  init(
    _ origin: Origin, _ use: HTTPClient.HTTP2Use, isTunnelled: Bool = false, of pools: ConnectionPools,
    on reactor: Reactor
  ) throws(HTTPWireError) {
    self.pools = pools
    self.origin = origin
    self.use = use
    isForTunnels = isTunnelled
    proxy = origin.socketPath == nil ? pools.configuration.proxies.proxy(for: origin) : nil
    host = try EncodedHost(origin.authority)
    urlPrefix = Array(origin.prefix.utf8)
    self.reactor = reactor
    // A proxy that forwards requests is asked in HTTP/1.1.
    wireProtocol =
      proxy?.isHTTP == true && !origin.isSecure && !isTunnelled
      ? .http1 : pools.expectedProtocol(of: origin, use) ?? pools.knownProtocol(of: origin)
    if let answer = pools.answer { answering = AnsweringConnection(in: self, on: reactor, answer) }
  }

  /// Whether to repeat a request that a dead connection has lost.
  var repeatsRequests: Bool { !pools.isClosed }

  /// The limits of each response.
  var limits: HTTPLimits { pools.limits }

  /// Whether to parse responses leniently. Not with a proxy, where ambiguous framing permits response smuggling (RFC
  /// 9112 §11.2).
  var isLenient: Bool { proxy == nil && !pools.configuration.strictResponses }

  /// When a connection that is made now will be too old for reuse.
  var endOfNewConnection: Int64 { pools.endOfNewConnection }

  /// Whether the proxy forwards each request, rather than a tunnel.
  var asksProxy: Bool { proxy?.isHTTP == true && !origin.isSecure && !isForTunnels }

  /// Whether a proxy passes on the bytes of its connections, rather than requests.
  var isTunnelled: Bool { proxy != nil && !asksProxy }

  /// The numbers of connections and requests.
  var counts: HTTPClient.Counts {
    HTTPClient.Counts(
      busy: answering?.busy ?? open - idleCount, idle: idleCount, connecting: connecting.count, waiting: waiting.count
    )
  }

  private var idleCount: Int { idle.count + shared.count(where: \.isIdle) }

  var isUnused: Bool { open == 0 && connecting.isEmpty && waiting.isEmpty && (answering?.busy ?? 0) == 0 }

  /// The last request that a function answers has ended.
  func noteUnused() {
    if !isDetached { pools.noteFreed(self) }
  }

  // MARK: - Requests

  /// Sends the request on an idle connection, or queues it.
  func start(_ exchange: HTTPClient.Exchange) {
    if let answering {
      _ = answering.send(exchange)
      return
    }
    if exchange.isMisdirected { return retry(exchange) }
    if !shared.isEmpty, let connection = sharedWithRoom(for: exchange) {
      _ = connection.send(exchange)
      return
    }
    // A repeated request may wait for a new connection while others are idle.
    while let connection = idle.popLast() {
      if !connection.canCarry(exchange) {
        connection.close()
      } else {
        if !connection.send(exchange) { idle.append(connection) }
        return
      }
    }
    wait(exchange)
  }

  /// Repeats a request, ahead of the queued ones, which are later. Kept connections may be as dead as its last one,
  /// even if they have just carried a response: so it waits for a new one, which takes the dead connection's slot.
  func retry(_ exchange: HTTPClient.Exchange) {
    exchange.isRetry = true
    wait(exchange)
  }

  private func wait(_ exchange: HTTPClient.Exchange) {
    waiting.append(exchange)
    exchange.state = .waiting(self)
    var deadline = exchange.deadline
    if let limit = exchange.connectTimeout { deadline = min(deadline, reactor.turnTime + limit.nanoseconds) }
    if exchange.timer == nil, deadline != .max {
      exchange.timer = reactor.callAt(Instant(nanoseconds: deadline)) { [unowned exchange] in
        exchange.abortTimedOut()
      }
    }
    connectIfNeeded()
  }

  /// Removes a request that was cancelled in the queue.
  func remove(_ exchange: HTTPClient.Exchange) {
    waiting.remove(exchange)
    // Cancel a connect that no request needs any more.
    if connecting.count > wantedConnects { cancelLatestConnect() }
    pools.noteFreed(self)
  }

  /// Whether a request that this server misdirects can have a connection of its own.
  var hasRoomForMisdirected: Bool { open + connecting.count < pools.configuration.connectionsPerOrigin }

  /// The first request in the queue.
  var firstWaiting: HTTPClient.Exchange? { waiting.first }

  /// Takes `exchange` out of the queue, for a connection or its error.
  func take(_ exchange: HTTPClient.Exchange) {
    waiting.remove(exchange)
    exchange.timer?.cancel()
    exchange.timer = nil
  }

  func nextWaiting() -> HTTPClient.Exchange? {
    guard let next = waiting.first else { return nil }
    take(next)
    return next
  }

  // MARK: - Connecting

  /// The maximum number of simultaneous connects. More could overflow the server's accept queue, and the kernel retries
  /// only after a second.
  private static let connectingAtOnce = 256

  /// Whether queued requests need a new connection, and the origin's limits allow it.
  var needsConnection: Bool {
    connecting.count < min(wantedConnects, connectingLimit)
      && open + connecting.count < pools.configuration.connectionsPerOrigin
  }

  /// How many connects there is a use for.
  private var wantedConnects: Int { waiting.count + (renewed == nil ? 0 : 1) }

  /// How many connects may be under way.
  private var connectingLimit: Int {
    switch wireProtocol {
    case .http1, .http1Required: Self.connectingAtOnce
    // One finds out what the origin speaks: with HTTP/2 it carries all requests.
    case nil: 1
    case .http2: wantsSharedConnection && !awaitsSettings ? 1 : 0
    }
  }

  /// Makes a connection for each queued request, within the limits.
  func connectIfNeeded() {
    while needsConnection, pools.reserveConnection(for: self) { connect() }
  }

  /// Makes a connection, whose slot in the client is already reserved.
  func connect() {
    let attempt = ConnectAttempt(index: connecting.count, latestRequest: waiting.latestNumber)
    connecting.append(attempt)
    attempt.connector = connect { [self] result in connected(attempt, result) }
  }

  private func connect(_ completion: @escaping Connector.Completion) -> Connector {
    let timeout = pools.configuration.connectTimeout
    let allows = pools.configuration.allowsAddress
    let options = pools.configuration.socketOptions
    if let path = origin.socketPath {
      return reactor.connectUnix(path: path, timeout: timeout, allowing: allows, at: pools.site, completion)
    }
    let tls = origin.isSecure ? pools.tls(wireProtocol == .http1Required ? .off : use) : nil
    guard let proxy else {
      return reactor.connectTCP(
        host: origin.name, port: origin.port, timeout: timeout, options: options, security: tls, allowing: allows,
        usesHTTPSRecords: true, at: pools.site, completion)
    }
    return reactor.connectTCP(
      host: proxy.host, port: proxy.port, timeout: timeout, options: options,
      proxySecurity: proxy.kind == .https ? pools.proxyTLS : nil,
      through: asksProxy ? nil : proxy.tunnel(to: origin, pools.proxySessions),
      to: (origin.name, origin.port), security: tls, allowing: allows, at: pools.site, completion)
  }

  /// Cancels the latest connect, and releases its slot in the client.
  private func cancelLatestConnect() {
    guard let attempt = connecting.popLast() else { return }
    attempt.index = nil
    attempt.connector?.cancel()
    attempt.connector = nil
    if !isDetached { pools.releaseConnection() }
  }

  /// Removes an attempt from the list.
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
    switch result {
    case .success(let transport):
      open += 1
      start(on: transport, times)
      connectIfNeeded()
    case .failure(let error):
      pools.releaseConnection()
      renewed = nil
      failRequests(of: attempt) { $0.connectError(error, through: proxy) }
      if !isDetached { pools.noteFreed(self) }
    }
  }

  /// Fails the requests that `attempt`, which has failed, was for.
  private func failRequests(of attempt: ConnectAttempt, _ makeError: (HTTPClient.Exchange) -> any Error) {
    if wireProtocol == .http1 || wireProtocol == .http1Required {
      // The remaining attempts may still serve as many requests; the first one beyond them fails.
      if waiting.count > connecting.count, let exchange = nextWaiting() {
        exchange.finish(.failure(makeError(exchange)))
      }
    } else {
      if !shared.isEmpty, waiting.firstMisdirected == nil {
        isFurtherRefused = true
        // A repeated request waited for the new connection: now those that are there carry it.
        for connection in shared { serve(connection) }
      }
      // It was to carry all that waited when it began, unless another does. A callback may cancel others.
      while let next = shared.isEmpty ? waiting.first : waiting.firstMisdirected, next.number <= attempt.latestRequest {
        take(next)
        next.finish(.failure(makeError(next)))
      }
    }
  }

  private func start(on transport: any ConnectedTransport, _ times: ConnectTimes?) {
    let chosen = transport.tlsInfo?.applicationProtocol
    let isKnown = use.isPriorKnowledge && !asksProxy && wireProtocol != .http1Required
    let isHTTP2 = chosen == "h2" || chosen == nil && isKnown
    note(isHTTP2 ? .http2 : .http1)
    if isHTTP2, wireProtocol == .http1Required {
      // It was under way when the origin asked for HTTP/1.1.
      open -= 1
      transport.abort()
      if !isDetached { pools.releaseConnection() }
      return
    }
    if isHTTP2 { return startShared(on: transport, times) }
    let connection = ClientConnection(in: self, over: transport, times: times, on: reactor)
    transport.start(connection)
    release(connection, at: reactor.turnTime)
  }

  // MARK: - Connections

  /// Takes back a connection that is free since `time`: the next queued requests get it, or it is kept.
  func release(_ connection: ClientConnection, at time: Int64) {
    let pools = isDetached ? nil : pools
    if pools?.needsRoom(besides: self) == true { return makeRoom(connection) }
    while connection.capacity > 0, let next = connection.isReused ? waiting.firstForKept : waiting.first {
      if connection.isReused, !connection.canCarry(next) { return connection.close() }
      take(next)
      _ = connection.send(next)
    }
    if connection.capacity == 0 { return }
    // The remaining requests need a new connection, for which there is no room.
    if !waiting.isEmpty, placeInLine != nil { return makeRoom(connection) }
    guard let pools, pools.keepsIdle else { return connection.close() }
    connection.idleSince = time
    idle.append(connection)
    pools.watchIdle()
  }

  /// Removes an unusable connection, if it is idle.
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

  /// Closes the connections that became idle before `time`; returns when the oldest of the others did.
  func closeIdle(before time: Int64) -> Int64? {
    let old = idle.prefix { $0.idleSince <= time }
    idle.removeFirst(old.count)
    for connection in old { connection.close() }
    return [idle.first?.idleSince, closeSharedIdle(before: time)].compactMap { $0 }.min()
  }

  /// Closes the longest-idle connection, to make room for one to another origin.
  func closeOldestIdle() -> Bool {
    if let connection = shared.first(where: \.isIdle) {
      makeRoom(connection)
      return true
    }
    guard !idle.isEmpty else { return false }
    makeRoom(idle.removeFirst())
    return true
  }

  private func makeRoom(_ connection: ClientConnection) {
    connection.isMakingRoom = true
    if !isDetached { pools.noteRoomComing() }
    connection.close()
  }

  /// The client is released, so no request is in progress: a request retains its client.
  func detach() {
    isDetached = true
    for connection in idle.takeAll() { connection.close() }
    for connection in shared where connection.isIdle { connection.close() }
    // Connects for requests that have got another connection meanwhile.
    while !connecting.isEmpty { cancelLatestConnect() }
  }

  /// The reactor is released, with its connections: releases everything without callbacks.
  func abandon() {
    isDetached = true
    while let exchange = nextWaiting() { exchange.abandon() }
    answering?.abandon()
    for attempt in connecting.takeAll() {
      attempt.index = nil
      attempt.connector = nil
    }
    idle = []
    shared = []
  }

  /// Fails queued requests and closes idle connections; requests in progress end on their own.
  func close(_ makeError: (HTTPClient.Exchange) -> any Error) {
    while let exchange = nextWaiting() { exchange.finish(.failure(makeError(exchange))) }
    while !connecting.isEmpty { cancelLatestConnect() }
    for connection in idle.takeAll() { connection.close() }
    for connection in shared where connection.isIdle { connection.close() }
    pools.noteFreed(self)
  }
}

/// A connect in progress. A cancelled one makes no callback.
private final class ConnectAttempt {
  /// Its index in the list of its pool, while it is listed.
  var index: Int?
  /// The number of the latest request that had waited when it began.
  let latestRequest: Int
  var connector: Connector?

  init(index: Int, latestRequest: Int) {
    self.index = index
    self.latestRequest = latestRequest
  }
}

extension Array {
  /// Removes and returns the elements.
  fileprivate mutating func takeAll() -> [Element] {
    defer { self = [] }
    return self
  }
}
