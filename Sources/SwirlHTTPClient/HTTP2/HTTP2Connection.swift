#if HTTP2
import HTTPTypes
import SwirlDeferred
import SwirlHTTP2
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// One HTTP/2 connection to a server: it carries many requests at a time, each on a stream of its own.
///
/// It passes the session's events to the streams, and watches all their deadlines with one timer.
final class HTTP2Connection: StreamProtocol, SharedConnection, HTTP2WireOwner, ReactorReleaseObserver {
  let pool: ConnectionPool
  unowned let reactor: Reactor
  private let transport: any ConnectedTransport
  let session: HTTP2Session
  // Exempt from run-time checks for overlapping access: no re-entrant call is possible while one of these changes.
  @exclusivity(unchecked) private(set) var wire: HTTP2Wire!
  @exclusivity(unchecked) private(set) var streams = StreamTable<HTTP2Stream>()
  /// The streams that got content in this read.
  @exclusivity(unchecked) private var filled: [HTTP2Stream] = []
  /// How many streams were begun.
  @exclusivity(unchecked) private var begun = 0
  /// The last stream whose head was passed to the transport.
  @exclusivity(unchecked) private var lastWritten: Int32 = 0
  @exclusivity(unchecked) private var lastBegun: Int32 = 0
  @exclusivity(unchecked) private var handedBefore = 0
  /// Whether the server's SETTINGS have come.
  @exclusivity(unchecked) private var hasSettings = false
  /// How many streams the server allows at once.
  @exclusivity(unchecked) private var streamLimit: Int
  /// When it last became idle, for the pool.
  var idleSince: Int64 = 0
  /// Whether it is being closed to make room for one to another origin.
  var isMakingRoom = false
  /// When it is too old for further requests.
  private let end: Int64
  /// How it was made; its first response carries it.
  @exclusivity(unchecked) private(set) var birth: ConnectionBirth?
  /// It takes no further requests.
  @exclusivity(unchecked) private(set) var isDraining = false
  /// The server ends it in order, after it has taken some of its requests.
  @exclusivity(unchecked) private var endsAfterSome = false
  /// What ended it, or will end it.
  private(set) var ending: HTTP2Ending?
  @exclusivity(unchecked) private var liveness: HTTP2Liveness
  /// When requests are given up that a server does not answer after a GOAWAY with an error.
  @exclusivity(unchecked) private var cutoff = Int64.max
  /// One timer for the deadlines of all requests, and for the server's silence.
  @exclusivity(unchecked) private var timer: DelayedCall?
  @exclusivity(unchecked) private var timerTime = Int64.max
  /// How much the kernel had taken when the server's silence was looked at.
  private var sentAtLook = 0
  @exclusivity(unchecked) private var isReading = false
  /// The time of the turn that read last.
  @exclusivity(unchecked) private var readTime: Int64 = 0
  /// A request has left it, which its pool does not know yet.
  @exclusivity(unchecked) private var hasFreed = false
  @exclusivity(unchecked) private var hasEnded = false

  init(
    in pool: ConnectionPool, over transport: any ConnectedTransport, times: ConnectTimes?, on reactor: Reactor
  ) {
    self.pool = pool
    self.transport = transport
    self.reactor = reactor
    birth = times.map { ConnectionBirth($0) }
    end = pool.endOfNewConnection
    liveness = HTTP2Liveness(at: reactor.turnTime)
    var settings = HTTP2Settings()
    settings.fieldBytes = pool.limits.headBytes
    session = HTTP2Session(.client, settings)
    streamLimit = min(session.remoteStreamLimit, pool.assumedStreamLimit)
    wire = HTTP2Wire(session, over: transport, for: self)
  }

  // Only reached with the reactor's release: otherwise it has ended before.
  deinit {
    timer?.cancel()
    for stream in streams.values { stream.abandon() }
  }

  var limits: HTTPLimits { pool.limits }
  var scheme: String { pool.origin.isSecure ? "https" : "http" }

  // MARK: - How much it takes

  /// After so many streams another connection takes over, before a load balancer cuts this one at 10,000.
  private static let renewalCount = 9_000
  /// The most streams on one connection.
  private static let streamCount = 9_900

  /// Whether no request is on it.
  var isIdle: Bool { streams.isEmpty }

  /// Whether it will never take a request again.
  var isWorn: Bool {
    isDraining || hasEnded || begun >= Self.streamCount || begun > 0 && end != .max && reactor.turnTime >= end
      || !session.takesRequests
  }

  /// How many more requests it takes.
  var capacity: Int { isWorn || transport.isBroken ? 0 : max(0, streamLimit - streams.count) }

  /// Whether it can carry `exchange`, as for a connection of HTTP/1: an idle one may have been closed by the server,
  /// and would lose the request.
  func canCarry(_ exchange: HTTPClient.Exchange) -> Bool {
    if exchange.upgrade != nil, takesTunnels == nil { return false }
    return !isIdle || exchange.request.isRepeatable || !transport.hasUndeliveredInput(hasJustRead: false)
  }

  /// RFC 8441 §3: an extended CONNECT is sent after the server has said that it takes it.
  var takesTunnels: Bool? { hasSettings ? session.remoteTakesConnectProtocol : nil }

  // MARK: - Sending

  func connectionMade(_ transport: any Transport) { wire.flush() }

  /// Sends the request of `exchange`; false if the request itself cannot be sent.
  func send(_ exchange: HTTPClient.Exchange) -> Bool {
    guard let client = exchange.client else { return false }
    let isTunnel = exchange.upgrade != nil
    if isTunnel, takesTunnels != true {
      sendAgainByHTTP1(exchange)
      return false
    }
    var id: Int32 = 0
    do {
      try client.serialize(exchange, in: pool) { head in
        id =
          (try? session.request(
            head, scheme: scheme, hasContent: isTunnel || exchange.request.body != nil, isExtendedConnect: isTunnel))
          ?? 0
      }
    } catch {
      exchange.failSoon(exchange.error(.invalidRequest, error.message, wire: error))
      return false
    }
    guard id > 0 else {
      exchange.failSoon(exchange.error(.invalidRequest, "libnghttp2 refuses the request"))
      return false
    }
    if streams.isEmpty, liveness.asksBeforeReuse(at: reactor.turnTime) { session.ping() }
    begun += 1
    lastBegun = id
    let stream = HTTP2Stream(id, exchange, on: self)
    streams[id] = stream
    stream.start(at: reactor.turnTime)
    watch(min(exchange.nextDeadline, liveness.due))
    flushSoon()
    if begun == Self.renewalCount { pool.renew(self) }
    return true
  }

  /// Sends at the end of this turn: what many callbacks of one turn ask for goes out together.
  func flushSoon() { wire.flushSoon() }

  func hasRoom(_ stream: Int32) { streams[stream]?.resumeWriting() }

  func flushed() {
    let handed = wire.handedToTransport
    if handed != handedBefore {
      handedBefore = handed
      // All that was begun may be in it.
      lastWritten = lastBegun
    }
    if session.isOver, !transport.isClosing { transport.close() }
  }

  func pauseWriting() { wire.pauseWriting() }

  func resumeWriting() { wire.resumeWriting() }

  // MARK: - Time

  /// Looks at deadlines at `time`, if it does not before.
  func watch(_ time: Int64) {
    if time >= timerTime { return }
    timerTime = time
    if let timer, timer.isActive { return timer.move(to: time) }
    timer = reactor.callAt(Reactor.Instant(nanoseconds: time)) { [unowned self] in lookAtTime() }
  }

  private func lookAtTime() {
    timerTime = .max
    let now = reactor.now.nanoseconds
    for stream in inOrder where stream.deadline <= now { stream.timeOut() }
    if streams.isEmpty || hasEnded { return }
    if now >= cutoff { return transport.abort() }
    var next = streams.values.reduce(Int64.max) { min($0, $1.deadline) }
    next = min(next, cutoff)
    switch liveness.verdict(at: now) {
    case .wait(let time): next = min(next, time)
    case .ping:
      session.ping()
      wire.flush()
      next = min(next, liveness.due)
    // The PING itself may still be in the buffer, if that becomes shorter.
    case .dead where transport.bufferedBytes > 0 && wire.sentBytes > sentAtLook:
      sentAtLook = wire.sentBytes
      next = min(next, now + HTTP2Liveness.patience)
    case .dead:
      ending = .dead
      return transport.abort()
    }
    watch(next)
  }

  /// Its requests in the order in which they were sent.
  private var inOrder: [HTTP2Stream] { streams.values.sorted { $0.id < $1.id } }

  // MARK: - Receiving

  func dataReceived(_ bytes: Span<UInt8>) {
    isReading = true
    readTime = reactor.turnTime
    liveness.noteRead(at: readTime)
    wire.receive(bytes)
  }

  func readEnded() {
    handOn()
    isReading = false
    settle()
  }

  func take(_ event: HTTP2Event, _ bytes: Span<UInt8>) {
    switch event {
    case .head(let id, let section, let endsStream):
      liveness.noteContent()
      streams[id]?.begin(section, endsStream: endsStream, at: readTime, pool.limits)
    case .informational(let id, let section): streams[id]?.take(informational: section)
    case .data(let id, let range):
      liveness.noteContent()
      session.consumeConnection(range.count)
      guard let stream = streams[id] else { return }
      let hadPiece = stream.hasPiece
      stream.take(bytes.extracting(range))
      if !hadPiece, stream.hasPiece { filled.append(stream) }
    case .trailers(let id, let section): streams[id]?.take(trailers: section)
    case .end(let id): streams[id]?.end(at: readTime)
    case .streamError(let error): streams[error.stream]?.fail(error)
    case .closed(let id, let code): streams[id]?.closed(code)
    case .fieldsTooLong(let id): streams[id]?.failFieldsTooLong()
    case .goAway(let last, let code, let debug):
      endsAfterSome = code == .noError && last > 0
      if code != .noError || ending == nil { ending = .goAway(code, debug) }
      if code != .noError, cutoff == .max {
        // It should close now (RFC 9113 §5.4.1); answers may be on their way.
        cutoff = reactor.turnTime + HTTP2Liveness.patience
        watch(cutoff)
      }
      drain()
    case .settings:
      hasSettings = true
      streamLimit = session.remoteStreamLimit
      pool.assumedStreamLimit = max(1, min(streamLimit, ConnectionPool.recommendedStreamLimit))
    case .sent(let id): streams[id]?.outputEnded()
    case .pong: break
    }
  }

  /// Delivers the content of this read.
  private func handOn() {
    if filled.isEmpty { return }
    var filled: [HTTP2Stream] = []
    swap(&filled, &self.filled)
    for stream in filled { stream.handOn() }
  }

  // MARK: - Streams

  /// The birth of the connection, for its first response.
  func takeBirth() -> ConnectionBirth? { birth.take() }

  /// A request has left its stream.
  func remove(_ stream: HTTP2Stream) {
    streams[stream.id] = nil
    hasFreed = true
    if isReading { return }
    settle()
    flushSoon()
  }

  /// Places may be free: the next queued requests get them, or the connection is idle.
  private func settle() {
    if hasEnded { return }
    pool.serve(self)
    guard hasFreed else { return }
    hasFreed = false
    if !streams.isEmpty || hasEnded { return }
    if isWorn { return close() }
    idleSince = reactor.turnTime
    pool.noteIdle(self)
  }

  /// Whether the head of a request was passed to the transport.
  func hasWritten(_ stream: HTTP2Stream) -> Bool { stream.id <= lastWritten }

  /// Repeats a request of which the server has done nothing, or that may be repeated.
  func sendAgain(_ exchange: HTTPClient.Exchange) { pool.retry(exchange) }

  /// Repeats a request that the server has refused.
  func sendRefusedAgain(_ exchange: HTTPClient.Exchange) {
    // Without a count: where each connection takes some, all get their turn.
    if endsAfterSome { return pool.retry(exchange) }
    exchange.refusals += 1
    if exchange.refusals == 1 { pool.retry(exchange) } else { RefusedRequest.sendLater(exchange, on: reactor) }
  }

  /// Repeats a request by HTTP/1.1, as the server asks.
  func sendAgainByHTTP1(_ exchange: HTTPClient.Exchange) {
    if exchange.upgrade != nil {
      // That the server takes no tunnel says nothing about other requests.
      exchange.isForHTTP1 = true
      exchange.state = nil
      exchange.client?.send(exchange)
      return
    }
    pool.useHTTP1()
    drain()
    pool.retry(exchange)
  }

  var repeatsRequests: Bool { pool.repeatsRequests }

  /// Takes no further requests, and closes when those on it have ended.
  func drain() {
    isDraining = true
    pool.noteDraining(self)
    if streams.isEmpty, !hasEnded { close() }
  }

  /// Ends the connection, on which no request is.
  func close() {
    isDraining = true
    pool.noteDraining(self)
    session.terminate()
    if isReading { return }
    wire.flush()
    if transport.bufferedBytes > 0 { transport.abort() } else { transport.close() }
  }

  func endReceived() -> Bool { false }

  func connectionLost(_ end: ConnectionEnd) {
    hasEnded = true
    wire.end()
    timer.take()?.cancel()
    let ending = session.failure.map { .invalid($0) } ?? ending ?? .lost(end.error)
    // In the order in which they were sent, so that those that are repeated keep it.
    for stream in inOrder { stream.connectionLost(ending) }
    pool.lost(self)
  }

  /// A tunnel that the program still has retains what this is made of.
  func reactorReleased() {
    wire.end()
    for stream in streams.values { stream.tunnel?.release() }
  }
}
#endif
