#if HTTP2
import HTTPTypes
import SwirlDeferred
import SwirlHTTP2
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// One HTTP/2 connection of a server: many requests at a time, each on a stream of its own (RFC 9113).
///
/// It passes the session's events to the streams, and keeps their time limits with one timer.
final class HTTP2ServerConnection: StreamProtocol, ServedConnection, HTTP2WireOwner, ReactorReleaseObserver {
  enum State {
    /// Requests are taken.
    case open
    /// The client knows that the connection ends, and may still begin streams until it answers (RFC 9113 §6.8).
    case announced
    /// No more requests are taken; those in progress are answered.
    case draining
    /// Our direction is closed; input is dropped until the client closes too (RFC 9112 §9.6).
    case lingering
    case over
  }

  let server: HTTPServer
  // Exempt from run-time checks for overlapping access: no re-entrant call is possible while one of these changes.
  @exclusivity(unchecked) var number = 0
  @exclusivity(unchecked) private(set) var wire: HTTP2Wire!
  @exclusivity(unchecked) private(set) unowned var reactor: Reactor!
  @exclusivity(unchecked) private(set) var facts: ConnectionFacts!
  @exclusivity(unchecked) var state = State.open
  @exclusivity(unchecked) private var streams = StreamTable<HTTP2ServerStream>()
  /// The streams that have a piece of content for their handlers.
  @exclusivity(unchecked) private var readers: [HTTP2ServerStream] = []
  /// The client sends nothing more, and still reads.
  @exclusivity(unchecked) private var isHalfClosed = false
  /// How many bytes were dropped while lingering.
  @exclusivity(unchecked) private var droppedBytes = 0
  @exclusivity(unchecked) var unreported: [UnreportedAnswer] = []
  /// The streams to reset when their answers have arrived, in order, and how many of them a PING asks about.
  @exclusivity(unchecked) var answeredEarly: [Int32] = []
  @exclusivity(unchecked) var pingedAnswers = 0
  @exclusivity(unchecked) var accountedBytes = 0
  var heldBytes: Int {
    var count = wire?.transport.bufferedBytes ?? 0
    streams.forEach { count += $0.heldBytes }
    return count
  }

  // Time: see `HTTP2ServerConnection+Timeouts.swift`.
  @exclusivity(unchecked) var timer: DelayedCall?
  @exclusivity(unchecked) var timerDeadline = Int64.max
  /// When an idle connection ends, or a closing one.
  @exclusivity(unchecked) var idleDeadline = Int64.max
  /// When the fields that are being read must be complete.
  @exclusivity(unchecked) var sectionDeadline = Int64.max
  /// Whether the client takes what the transport holds.
  @exclusivity(unchecked) var watch = WriteWatch()

  init(_ server: HTTPServer) { self.server = server }

  // A released reactor does not end its connections first.
  deinit { timer?.cancel() }

  var session: HTTP2Session { wire.session }
  var writtenBytes: Int { wire.handedToTransport }
  var sentBytes: Int { wire.sentBytes }
  var transport: any Transport { wire.transport }
  var hasStreams: Bool { !streams.isEmpty }

  func stream(_ id: Int32) -> HTTP2ServerStream? { streams[id] }

  /// The streams in the order of their requests.
  var inOrder: [HTTP2ServerStream] { streams.values.sorted { $0.id < $1.id } }

  // MARK: - StreamProtocol

  func connectionMade(_ transport: any Transport) {
    let isWelcome = begin(on: transport)
    if !isWelcome { session.terminate(.enhanceYourCalm) }
    wire.flush()
  }

  /// Takes the place of a connection of HTTP/1 whose first bytes were the preface of HTTP/2.
  func succeed(_ connection: ServerConnection, on transport: any Transport) {
    begin(on: transport, after: connection)
    wire.flush()
  }

  /// Returns whether the server takes it.
  @discardableResult
  private func begin(on transport: any Transport, after connection: ServerConnection? = nil) -> Bool {
    reactor = transport.reactor
    facts = ConnectionFacts(transport, of: server)
    var isWelcome = true
    if let connection { server.replace(connection, by: self) } else { isWelcome = server.insert(self) }
    facts.channel?.connection = self
    wire = HTTP2Wire(HTTP2Session(.server, server.http2Settings), over: transport, for: self)
    idleDeadline = reactor.turnTime + server.times.head
    arm(at: idleDeadline)
    return isWelcome
  }

  func dataReceived(_ bytes: Span<UInt8>) {
    if state == .lingering { return drop(bytes.count) }
    wire.receive(bytes)
  }

  private func drop(_ count: Int) {
    droppedBytes += count
    if droppedBytes > server.configuration.lingerBytes { transport.close() }
  }

  func endReceived() -> Bool {
    if server.configuration.answersHalfClosedClients, hasStreams, state != .lingering {
      // What is not complete now never will be.
      for stream in inOrder where !stream.hasInputEnded { stream.clientGone(ConnectionEnd(.closed)) }
      isHalfClosed = true
      // At once: it has no answer to a first notice.
      drainNow()
      return true
    }
    cancelStreams()
    return false
  }

  func pauseWriting() { wire.pauseWriting() }

  func resumeWriting() { wire.resumeWriting() }

  func writeBufferEmptied() { reportSent() }

  func connectionLost(_ end: ConnectionEnd) {
    finish()
    cancelStreams(end)
    reportAll()
    server.remove(self)
  }

  private func finish() {
    state = .over
    wire.end()
    timer.take()?.cancel()
  }

  /// The clients of all requests are no longer there.
  func cancelStreams(_ end: ConnectionEnd = ConnectionEnd(.closed)) {
    for stream in inOrder { stream.clientGone(end) }
    streams = StreamTable()
  }

  func reactorReleased() {
    finish()
    for stream in inOrder { stream.reactorReleased() }
    streams = StreamTable()
    readers = []
    server.forget(self)
  }

  // MARK: - Events

  func take(_ event: HTTP2Event, _ bytes: Span<UInt8>) {
    switch event {
    // A handler may have ended the connection, with more requests in the same read.
    case .head where transport.isClosing, .fieldsTooLong where transport.isClosing: break
    case .head(let id, let section, let endsStream): begin(id, section, endsStream: endsStream)
    case .data(let id, let range):
      session.consumeConnection(range.count)
      guard let stream = streams[id] else { return session.consume(range.count, of: id) }
      if stream.take(bytes.extracting(range)) { readers.append(stream) }
    case .trailers(let id, let section): streams[id]?.take(trailers: section)
    case .end(let id): streams[id]?.inputEnded()
    case .sent(let id): streams[id]?.outputEnded()
    case .closed(let id, let code): if let stream = streams[id] { remove(stream, code) }
    case .fieldsTooLong(let id):
      if let stream = streams[id] {
        stream.clientGone(.failed("its trailers are too long", facts.peer))
      } else {
        let limit = server.configuration.limits.headBytes
        add(id).refuse(
          HTTPServer.StatusError(
            .requestHeaderFieldsTooLarge, "the fields are larger than \(limit) bytes (RFC 9113 §6.5.2, RFC 6585 §5)"))
      }
    case .streamError(let error): streams[error.stream]?.clientGone(.failed(error.reason, facts.peer))
    case .pong(Self.earlyAnswerPing): answersArrived()
    case .pong(Self.shutdownPing): if state == .announced { drainNow() }
    case .goAway, .informational, .settings, .pong: break
    }
  }

  private func add(_ id: Int32) -> HTTP2ServerStream {
    // Otherwise it is the time of the next step to the end.
    if state == .open { idleDeadline = .max }
    let stream = HTTP2ServerStream(id, on: self)
    streams[id] = stream
    return stream
  }

  private func begin(_ id: Int32, _ section: FieldSection, endsStream: Bool) {
    let stream = add(id)
    do throws(HTTPWireError) {
      let limits = server.configuration.limits
      let head = try RequestHead(http2: section.lines, endsStream: endsStream, limits: limits)
      let asksForTunnel = section.isExtendedConnect || head.method == .connect
      stream.begin(consume head, asksForTunnel: asksForTunnel)
    } catch {
      stream.refuse(HTTPServer.StatusError(error.status, error.message))
    }
  }

  private func remove(_ stream: HTTP2ServerStream, _ code: HTTP2ErrorCode) {
    streams[stream.id] = nil
    let isOrderly = code == .noError
    stream.clientGone(
      isOrderly ? ConnectionEnd(.closed) : .failed("the client reset the stream with \(code)", facts.peer))
    if streams.isEmpty, state == .open {
      idleDeadline = reactor.turnTime + server.times.idle
      arm(at: idleDeadline)
    }
  }

  func readEnded() {
    let readers = readers
    self.readers = []
    for stream in readers { stream.deliver() }
    if server.memory != nil, server.account(self, at: reactor.turnTime) {
      for stream in inOrder where stream.isTakingContent { stream.failContent(.overloaded) }
    }
    // An error may have ended the session within a section.
    let isReadingSection = session.isReadingSection && session.failure == nil
    sectionDeadline = isReadingSection ? min(sectionDeadline, reactor.turnTime + server.times.head) : .max
    arm(at: sectionDeadline)
  }

  func hasRoom(_ stream: Int32) { streams[stream]?.resumeWriting() }

  func flushed() {
    if isHalfClosed, !wire.isWritingPaused { resetStuck() }
    reportSent()
    if server.memory != nil { _ = server.account(self, at: reactor.turnTime) }
    watchTransport()
    if session.isOver, state != .announced { close() }
  }

  /// A half-closed client opens no windows: resets the streams that wait for one.
  private func resetStuck() {
    for stream in inOrder where session.pendingBytes(of: stream.id) > 0 { stream.reset(.cancel) }
  }

  // HTTP/2 limits what a client sends by its windows: reading does not pause.
  var isReadingPaused: Bool { false }

  func checkPausedClient() {}
}

extension ConnectionEnd {
  /// The end of a stream that the client has broken.
  fileprivate static func failed(_ reason: String, _ peer: SocketAddress?) -> ConnectionEnd {
    ConnectionEnd(.failed, error: NetError(.read, peer?.description ?? "a client", reason: reason))
  }
}
#endif
