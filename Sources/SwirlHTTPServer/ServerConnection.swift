import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// One connection of a server: bytes to requests, and answers, in order, to bytes.
///
/// Everything that happens to it (bytes, a Deferred that fires, a body's writer, room to write, a timer) changes the state and
/// then calls `settle`, which does what follows: sends the answers whose turn it is, goes on reading or stops, writes out what
/// was put together, closes, moves the timer. So answers that are ready in one callback go out in one write.
///
/// The fields are exempt from the run-time check for overlapping accesses: each is read or written whole, none is held `inout`
/// while a callback runs but for the parser, which calls nobody, and the object never leaves its thread.
final class ServerConnection: StreamProtocol {
  enum Input {
    /// What comes is requests.
    case requests
    /// No more requests are taken, because the last one was the last or was wrong; what comes is dropped.
    case discarded
    /// The connection belongs to another protocol.
    case handedOver
  }

  enum Output {
    /// Answers are sent.
    case open
    /// The last answer is given to the transport, which closes once it is sent.
    case closing
    /// The same, but our direction only: until the client closes too, what it sends is taken and dropped.
    case lingering
    /// The connection has ended, or was aborted or handed over.
    case over
  }

  let server: HTTPServer
  /// Whether the client speaks plain HTTP to a port for TLS, and is only told so.
  private let isPlainOnTLS: Bool
  /// Whether the server was stopped while this was open: the answer that is under way is the last.
  @exclusivity(unchecked) var isDraining = false
  @exclusivity(unchecked) var input = Input.requests
  @exclusivity(unchecked) var output = Output.open
  @exclusivity(unchecked) var transport: (any Transport)!
  @exclusivity(unchecked) var facts: ConnectionFacts!

  // Reading
  @exclusivity(unchecked) var parser: RequestParser
  /// The request whose body is being read.
  @exclusivity(unchecked) var head: RequestHead?
  @exclusivity(unchecked) var body: [UInt8] = []
  /// That body, where the handler takes it while it comes. `body` is then what the present read brought.
  @exclusivity(unchecked) var upload: RequestUpload?
  /// Whether that client waits for a 100 before it sends the body.
  @exclusivity(unchecked) var owesContinue = false
  /// What was read and not parsed, because enough requests wait, from `unparsedStart` on; empty when there is nothing.
  @exclusivity(unchecked) private var unparsed: [UInt8] = []
  @exclusivity(unchecked) private var unparsedStart = 0
  @exclusivity(unchecked) var isReadingPaused = false
  @exclusivity(unchecked) var discardedBytes = 0

  // Answering
  @exclusivity(unchecked) var exchanges: [Exchange] = []
  /// What the heads and bodies of those take.
  @exclusivity(unchecked) var waitingBytes = 0
  /// The last request may ask for another protocol: what follows it is parsed only if that is declined.
  @exclusivity(unchecked) var awaitsUpgrade = false
  /// Bytes put together for the next write.
  @exclusivity(unchecked) var buffer: [UInt8] = []
  @exclusivity(unchecked) var isWritingPaused = false
  /// Whether some call is on the stack that will settle.
  @exclusivity(unchecked) var isBusy = false

  // Time
  /// Unowned, since the reactor keeps the transport and that keeps this.
  private(set) unowned var reactor: Reactor!
  @exclusivity(unchecked) var timer: DelayedCall?
  @exclusivity(unchecked) var phase = Phase.idle
  /// Whether a request was taken or an answer ended since the timer was moved.
  @exclusivity(unchecked) var hasProgressed = false
  @exclusivity(unchecked) var bodyStart: Int64 = 0
  @exclusivity(unchecked) var handedToTransport = 0
  @exclusivity(unchecked) var sentWhenArmed = 0

  /// Answers of which the access log has not been told, in order.
  @exclusivity(unchecked) var unreported: [UnreportedAnswer] = []

  init(_ server: HTTPServer, isPlainOnTLS: Bool = false) {
    self.server = server
    self.isPlainOnTLS = isPlainOnTLS
    parser = RequestParser(limits: server.configuration.limits)
  }

  // A connection whose reactor is released has not ended before. Its timer must not outlive it, and a task that takes from the
  // body must not wait forever.
  deinit {
    timer?.cancel()
    upload?.finish(throwing: HTTPServer.ClientDisconnectedError())
  }

  // MARK: - StreamProtocol

  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    facts = ConnectionFacts(peer: transport.peerAddress, tls: transport.tlsInfo)
    reactor = transport.reactor
    let isWelcome = server.insert(self)
    phase = .head
    arm()
    if isPlainOnTLS {
      refuse(
        HTTPServer.StatusError(.badRequest, "This port speaks HTTPS, and the request was plain HTTP: use https://"))
      settle()
    } else if !isWelcome {
      refuse(HTTPServer.StatusError(.serviceUnavailable))
      settle()
    }
  }

  func dataReceived(_ bytes: Span<UInt8>) {
    guard input == .requests else { return discard(bytes.count) }
    isBusy = true
    server.commonFields.refresh(at: reactor.wallSeconds)
    if unparsed.isEmpty {
      let used = parse(bytes)
      if used < bytes.count { keep(bytes.extracting(used...)) }
    } else {
      keep(bytes)
    }
    isBusy = false
    settle()
  }

  func endReceived() -> Bool {
    if output == .lingering { return false }
    if server.configuration.answersHalfClosedClients, !exchanges.isEmpty, upload == nil {
      input = .discarded
      return true
    }
    // Nothing that is not sent yet will be: but what was given to the transport still goes out.
    output = .closing
    input = .discarded
    cancelExchanges()
    reportSent()
    return false
  }

  func pauseWriting() {
    isWritingPaused = true
  }

  func resumeWriting() {
    isWritingPaused = false
    if case .streaming(let body)? = exchanges.first?.state { perform { body.drain() } }
    settle()
  }

  func writeBufferEmptied() {
    if !unreported.isEmpty { reportSent() }
    // From now on the client is waited for only to close.
    if output == .lingering { arm() }
  }

  func connectionLost(_ end: ConnectionEnd) {
    output = .over
    input = .discarded
    timer.take()?.cancel()
    dropUnparsed()
    cancelExchanges()
    reportAll()
    server.remove(self)
  }

  // MARK: - Settling

  /// Runs something that may write to this connection, without a write of its own for each bit.
  func perform(_ body: () -> Void) {
    let wasBusy = isBusy
    isBusy = true
    body()
    isBusy = wasBusy
  }

  func settle() {
    if isBusy || output == .over { return }
    if !exchanges.isEmpty || !unparsed.isEmpty || owesContinue { proceed() }
    flush()
    // `proceed` may have handed the connection over: reading and time are the successor's from then on.
    if output == .over { return }
    if input != .requests, output == .open, exchanges.isEmpty { close() }
    // Read ahead to a bound: that is how a client is noticed that goes while it waits for its answer.
    let mayRead = input == .discarded || canParse || unparsed.count - unparsedStart < server.configuration.pipelineBytes
    if mayRead == isReadingPaused, output != .over {
      isReadingPaused = !mayRead
      mayRead ? transport.resumeReading() : transport.pauseReading()
    }
    if !unreported.isEmpty { reportSent() }
    updateTimer()
  }

  /// Sends what is ready and parses what was left, as long as one makes room for the other.
  private func proceed() {
    isBusy = true
    server.commonFields.refresh(at: reactor.wallSeconds)
    repeat {
      sendReady()
      if unparsed.isEmpty || !canParse { break }
      // Taken out for the call, in which handlers run.
      let (bytes, start) = takeUnparsed()
      let end = start + parse(bytes.span.extracting(start...))
      if input == .discarded {
        discardedBytes += bytes.count - end
      } else if end < bytes.count {
        (unparsed, unparsedStart) = (bytes, end)
      }
    } while true
    if owesContinue, exchanges.isEmpty || isUploadNext, input == .requests {
      owesContinue = false
      if body.isEmpty, upload?.received ?? 0 == 0 { append("HTTP/1.1 100 Continue\r\n\r\n") }
    }
    isBusy = false
  }

  /// Whether all answers before that to the request whose body is to come are sent, and its handler has not answered.
  private var isUploadNext: Bool {
    guard let upload, !upload.isAbandoned, exchanges.first === upload.exchange else { return false }
    if case .waiting = upload.exchange.state { return true }
    return false
  }

  /// What is not parsed now waits for its turn, or is dropped where nothing after the last request counts.
  private func keep(_ rest: Span<UInt8>) {
    if input == .discarded {
      discardedBytes += rest.count
    } else {
      if unparsedStart > 0 {
        unparsed.removeFirst(unparsedStart)
        unparsedStart = 0
      }
      unparsed.append(copying: rest)
    }
  }

  private func takeUnparsed() -> (bytes: [UInt8], start: Int) {
    defer { (unparsed, unparsedStart) = ([], 0) }
    return (unparsed, unparsedStart)
  }

  /// What was read and not parsed, which is not kept here any more.
  func takeRest() -> ArraySlice<UInt8> {
    let (bytes, start) = takeUnparsed()
    return bytes[start...]
  }

  /// No request after the last one counts.
  func dropUnparsed() {
    if !takeRest().isEmpty { discardedBytes += 1 }
  }

  /// Gives what was put together to the transport.
  func flush() {
    if buffer.isEmpty { return }
    // Taken out for the call, in which the transport may call back.
    var bytes = buffer.take()
    handedToTransport += bytes.count
    transport.write(bytes.span)
    bytes.removeAll(keepingCapacity: bytes.capacity <= Self.bufferLimit)
    swap(&server.spareOutput, &bytes)
  }

  /// A buffer that has grown beyond this is flushed, and not kept.
  static let bufferLimit = 64 * 1024

  func append(_ text: StaticString) {
    text.withUTF8Buffer { buffer.append(contentsOf: $0) }
  }

  // MARK: - Closing

  /// The last answer is in the transport: closes when it is sent. Where the client may still be sending, a close would
  /// make the kernel send a reset, which can destroy the answer on its way: so only our direction is ended (RFC 9112 §9.6).
  private func close() {
    dropUnparsed()
    let mayBeSending = discardedBytes > 0 || !parser.isIdle
    if mayBeSending {
      output = .lingering
      transport.closeWrite()
    } else {
      output = .closing
      transport.close()
    }
  }

  private func discard(_ count: Int) {
    discardedBytes += count
    if discardedBytes > server.configuration.lingerBytes {
      if output == .lingering {
        output = .closing
        transport.close()
      } else if !isReadingPaused {
        isReadingPaused = true
        transport.pauseReading()
      }
    }
  }

  /// For a server that stops: closes a connection on which no request is under way.
  func closeIfIdle() {
    guard input == .requests, exchanges.isEmpty, head == nil, parser.isIdle, !isBusy else { return }
    input = .discarded
    settle()
  }

  /// Ends the connection at once.
  func abort() {
    guard output != .over else { return }
    output = .closing
    input = .discarded
    transport.abort()
  }
}

extension [UInt8] {
  /// Moves the bytes out and leaves none.
  fileprivate mutating func take() -> [UInt8] {
    var taken: [UInt8] = []
    swap(&self, &taken)
    return taken
  }
}
