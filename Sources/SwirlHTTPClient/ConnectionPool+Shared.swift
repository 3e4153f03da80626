import SwirlNet
import SwirlReactor

// Connections that carry many requests at once.
extension ConnectionPool {
  /// A protocol that connections of the origin speak.
  enum WireProtocol {
    case http1
    /// The origin wants HTTP/1.1, though it knows HTTP/2.
    case http1Required
    case http2
  }

  /// The origin wants HTTP/1.1 for a request (RFC 9113 §7, HTTP_1_1_REQUIRED): it gets it for all that follow.
  func useHTTP1() {
    note(.http1Required)
    for connection in shared { connection.drain() }
  }

  func note(_ known: WireProtocol) {
    // An HTTP/2 connection that was under way does not change what the origin has asked for.
    if wireProtocol == known || wireProtocol == .http1Required { return }
    wireProtocol = known
    if !isDetached, use == pools.use(for: origin) { pools.note(known, of: origin) }
  }

  /// Whether another shared connection may be made.
  var wantsSharedConnection: Bool {
    let most = isFurtherRefused ? 1 : pools.configuration.http2ConnectionsPerOrigin
    return shared.count < most || renewed != nil || waiting.firstMisdirected != nil
  }

  func sharedWithRoom(for exchange: HTTPClient.Exchange) -> (any SharedConnection)? {
    if let found = shared.first(where: { $0.capacity > 0 && $0.canCarry(exchange) }) { return found }
    for connection in shared where connection.isWorn { connection.drain() }
    return nil
  }

  /// Whether a connection takes a tunnel now.
  func hasTunnelRoom(for exchange: HTTPClient.Exchange) -> Bool {
    shared.contains { $0.takesTunnels == true && $0.capacity > 0 && $0.canCarry(exchange) }
  }

  /// Whether the first request is for a tunnel, and a connection is about to say whether it takes one.
  var awaitsSettings: Bool {
    waiting.firstForShared?.upgrade != nil && shared.contains { $0.takesTunnels == nil }
  }

  /// Takes over a new connection that carries many requests at once.
  func startShared(on transport: any ConnectedTransport, _ times: ConnectTimes?) {
    #if HTTP2
    let connection = HTTP2Connection(in: self, over: transport, times: times, on: reactor)
    transport.start(connection)
    if let exchange = waiting.firstMisdirected {
      take(exchange)
      _ = connection.send(exchange)
      return connection.drain()
    }
    isFurtherRefused = false
    shared.append(connection)
    renewed.take()?.drain()
    serve(connection)
    if connection.isIdle { noteIdle(connection) }
    #endif
  }

  /// Gives queued requests to a connection that has room.
  func serve(_ connection: any SharedConnection) {
    if !isDetached, !connection.isMakingRoom, pools.needsRoom(besides: self) {
      // An older request to another origin waits for its slot; those in flight end first.
      connection.isMakingRoom = true
      pools.noteRoomComing()
      return connection.drain()
    }
    while let next = waiting.firstForShared, connection.capacity > 0 {
      // Its SETTINGS say so, which come first (RFC 9113 §3.4).
      if next.upgrade != nil, connection.takesTunnels == nil { return }
      take(next)
      _ = connection.send(next)
    }
    if waiting.isEmpty { return }
    if connection.isWorn { connection.drain() }
    connectIfNeeded()
  }

  /// Makes a connection that takes the place of `connection`, which serves until then.
  func renew(_ connection: any SharedConnection) {
    if isDetached || renewed != nil { return }
    renewed = connection
    connectIfNeeded()
  }

  /// A connection takes no more requests; those on it end on their own.
  func noteDraining(_ connection: any SharedConnection) {
    isFurtherRefused = false
    if renewed === connection { renewed = nil }
    shared.removeAll { $0 === connection }
    if !waiting.isEmpty { connectIfNeeded() }
  }

  /// No request is on a connection.
  func noteIdle(_ connection: any SharedConnection) {
    guard !isDetached, pools.keepsIdle else { return connection.close() }
    if placeInLine != nil || pools.needsRoom(besides: self) { return makeRoom(connection) }
    connection.idleSince = reactor.turnTime
    pools.watchIdle()
  }

  func makeRoom(_ connection: any SharedConnection) {
    if !connection.isMakingRoom, !isDetached { pools.noteRoomComing() }
    connection.isMakingRoom = true
    connection.close()
  }

  /// A shared connection has ended.
  func lost(_ connection: any SharedConnection) {
    open -= 1
    isFurtherRefused = false
    shared.removeAll { $0 === connection }
    if isDetached { return }
    pools.releaseConnection(makingRoom: connection.isMakingRoom)
    pools.noteFreed(self)
  }

  /// Closes the shared connections that became idle before `time`; returns when the oldest of the others did.
  func closeSharedIdle(before time: Int64) -> Int64? {
    for connection in shared where connection.isIdle && connection.idleSince <= time { connection.close() }
    return shared.lazy.filter(\.isIdle).map(\.idleSince).min()
  }
}
