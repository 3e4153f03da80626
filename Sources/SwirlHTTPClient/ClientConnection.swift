import HTTPTypes
import SwirlContent
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// One HTTP/1.1 connection to a server: it carries one request at a time, and stays in its pool between requests.
///
/// It is the shell of an ``HTTP1ClientMachine``: it moves bytes, enforces timeouts and carries out the machine's
/// actions. The exchange interprets a head (cookies, redirects, proofs, codings).
final class ClientConnection: StreamProtocol, PooledConnection {
  private let pool: ConnectionPool
  private unowned let reactor: Reactor
  private let transport: any ConnectedTransport
  // Exempt from run-time checks for overlapping access: no re-entrant call is possible while one of these changes.
  @exclusivity(unchecked) private var machine: HTTP1ClientMachine
  @exclusivity(unchecked) private var exchange: HTTPClient.Exchange?
  @exclusivity(unchecked) private var content = ResponseContent()
  /// Sends the streamed content of the current request.
  @exclusivity(unchecked) private var sender: BodySender?
  /// Runs while the content of the request waits for 100 (Continue).
  @exclusivity(unchecked) private var continueTimer: DelayedCall?
  /// When the last bytes were read, or slightly earlier, and by which poll of the reactor.
  @exclusivity(unchecked) private var readTime: Int64 = 0
  @exclusivity(unchecked) private var readPoll = 0
  /// The timer of the current request's deadline. It is only ever postponed, at no cost, so one serves many requests.
  private var timer: DelayedCall?
  /// When it last became idle, for the pool.
  var idleSince: Int64 = 0
  /// Whether it is being closed to make room for one to another origin.
  var isMakingRoom = false
  /// The transport's last pause or resume, perhaps before there is content to send.
  private var isWritingPaused = false

  /// When it is too old for reuse.
  private let end: Int64
  /// How it was made; its first response carries it.
  private var birth: ConnectionBirth?

  init(in pool: ConnectionPool, over transport: any ConnectedTransport, times: ConnectTimes?, on reactor: Reactor) {
    self.pool = pool
    self.transport = transport
    self.reactor = reactor
    birth = times.map { ConnectionBirth($0) }
    end = pool.endOfNewConnection
    machine = HTTP1ClientMachine(limits: pool.limits, isLenient: pool.isLenient)
  }

  // Only reached with the reactor's release: otherwise it has ended before.
  deinit {
    stopBody()
    exchange?.abandon()
  }

  /// Whether it has carried an earlier request.
  var isReused: Bool { machine.isReused }

  /// How many more requests it takes.
  var capacity: Int { machine.capacity }

  // MARK: - Sending

  /// Within this time after a read the connection is not checked for input, because the check is a system call. A
  /// callback usually sends the next request within a few microseconds of a response.
  private static let unwatchedNanoseconds: Int64 = 100_000

  /// Whether the connection can carry `exchange`: it is not too old, and the server has sent no bytes since its last
  /// response.
  ///
  /// Bytes that arrive before the request is sent would be taken for its response (RFC 9112 §9.2): an unsolicited
  /// response, or a 408 for idling. A connection at EOF would lose the request. A repeatable request needs no check
  /// right after a response; a non-repeatable one always needs it.
  func canCarry(_ exchange: HTTPClient.Exchange) -> Bool {
    let reactor = reactor
    if end != .max, reactor.turnTime >= end { return false }
    let hasJustRead =
      readPoll == reactor.pollCount && exchange.request.isRepeatable
      && reactor.lookAtClock() - readTime < Self.unwatchedNanoseconds
    return !transport.hasUndeliveredInput(hasJustRead: hasJustRead)
  }

  /// Sends the request of `exchange`; false if the request itself cannot be sent; the connection stays idle.
  func send(_ exchange: HTTPClient.Exchange) -> Bool {
    do {
      try exchange.client?.serialize(exchange, in: pool) { transport.write($0) }
    } catch {
      exchange.failSoon(exchange.error(.invalidRequest, error.message, wire: error))
      return false
    }
    self.exchange = exchange
    exchange.state = .sent(Unmanaged.passUnretained(self))
    exchange.noteActivity()
    exchange.times.sent = reactor.turnTime
    machine.begin(exchange.method, exchange.traits, isWritten: !transport.isBroken)
    watchDeadline(exchange.nextDeadline)
    if let body = exchange.request.body { send(body, of: exchange) }
    return true
  }

  private func send(_ body: HTTPClient.Body, of exchange: HTTPClient.Exchange) {
    switch body.content {
    case .bytes(let bytes) where !exchange.request.expectsContinue: if !bytes.isEmpty { transport.write(bytes) }
    case .bytes(let bytes): send(BytesSource(bytes), length: bytes.count, of: exchange)
    case .source(let length, _, let make): send(make(), length: length, trailers: body.trailers, of: exchange)
    }
  }

  /// RFC 9110 §10.1.1: a server that does not know the expectation will never send a 100.
  static let continueTimeout = Duration.seconds(1)

  private func send(
    _ source: any BodySource, length: Int?, trailers: (() -> HTTPFields)? = nil, of exchange: HTTPClient.Exchange
  ) {
    let sender = BodySender(source, length: length, trailers: trailers, on: transport) {
      [unowned self, unowned exchange] outcome in
      self.sender = nil
      switch outcome {
      case .sent: machine.contentSent()
      case .failed(let error): exchange.abort(exchange.error(.requestBody, "\(error)"))
      }
    }
    self.sender = sender
    guard exchange.request.expectsContinue else { return sender.start(isPaused: isWritingPaused) }
    continueTimer = reactor.callLater(Self.continueTimeout) { [unowned self] in
      if machine.continueTimedOut() == .sendContent { beginBody() }
    }
  }

  /// Sends the content that waited for a 100.
  private func beginBody() {
    continueTimer.take()?.cancel()
    sender?.start(isPaused: isWritingPaused)
  }

  /// Stops sending the content.
  private func stopBody() {
    continueTimer.take()?.cancel()
    sender.take()?.cancel()
  }

  func pauseWriting() {
    isWritingPaused = true
    sender?.pause()
  }

  func resumeWriting() {
    isWritingPaused = false
    sender?.resume()
  }

  private func watchDeadline(_ deadline: Int64) {
    guard deadline != .max else { return }
    if let timer, timer.isActive {
      timer.move(to: deadline)
    } else {
      timer = reactor.callAt(Instant(nanoseconds: deadline)) { [unowned self] in
        // The timer may belong to an earlier request.
        guard let exchange else { return }
        if exchange.nextDeadline > reactor.now.nanoseconds {
          watchDeadline(exchange.nextDeadline)
        } else {
          exchange.abortTimedOut()
        }
      }
    }
  }

  // MARK: - Receiving

  func dataReceived(_ bytes: Span<UInt8>) {
    noteRead()
    var offset = 0
    do throws(HTTPWireError) {
      while true {
        switch try machine.next(bytes, at: &offset, mayRepeat: pool.repeatsRequests) {
        case .needMore: return handOn()
        case .data(let range): receive(bytes.extracting(range))
        case .upgraded: return handOver(bytes.extracting(offset...))
        case let action: if !perform(action) { return }
        }
      }
    } catch {
      fail(error)
    }
  }

  /// Carries out an action that ends a read or a response; returns whether the machine has further actions for the same
  /// bytes.
  private func perform(_ action: HTTP1ClientMachine.Action) -> Bool {
    switch action {
    case .head(let withholdsContent):
      begin(withholdsContent: withholdsContent)
      return true
    case .sendContent: beginBody()
    case .informational: if let head = machine.informational { exchange?.show(informational: head) }
    case .end(let isKept):
      finish(isKept: isKept)
      return false
    case .discardedEnd(let isKept):
      finishDetour(isKept: isKept)
      return false
    case .repeatRequest:
      sendAgain()
      return false
    case .unexpectedInput:
      discard()
      return false
    case .needMore, .data, .upgraded, .lost: return false
    }
    return true
  }

  private func noteRead() {
    let reactor = reactor
    // Without reading the clock, which would cost one read per response.
    let now = reactor.turnTime
    readTime = reactor.knownTime(since: now)
    readPoll = reactor.pollCount
    if !machine.hasBegun { exchange?.times.firstByte = now }
    exchange?.noteActivity()
  }

  /// The maximum content of a redirect or a 401 that is read and dropped to keep the connection.
  static let discardedLength = 64 * 1024

  private func begin(withholdsContent: Bool) {
    if withholdsContent { stopBody() }
    guard let exchange, let head = machine.head else { return }
    do throws(ContentError) {
      switch try exchange.reception(of: head) {
      case .discard: machine.receive(.discarded(atMost: Self.discardedLength))
      case .collect(let decoder): content.collect(decoder, head.framing)
      case .stream(let stream, let decoder):
        content.stream(to: stream, decoder)
        machine.receive(.streamed(atMost: exchange.bodyLimit))
        exchange.moveDeadline()
        stream.begin(exchange.response(head, isDecoded: decoder != nil, birth: birth), of: exchange, reactor)
      }
    } catch {
      fail(error)
    }
  }

  private func receive(_ bytes: Span<UInt8>) {
    guard let decoder = content.decoder else { return content.append(bytes) }
    var offset = 0
    do throws(ContentError) {
      while try !decoder.decode(bytes, at: &offset, into: &content.bytes) {
        // One read of a stream may grow a thousandfold when decoded: deliver it in pieces.
        handOn()
        // The consumer may have ended the request.
        if exchange == nil { return }
      }
    } catch {
      fail(error)
    }
  }

  /// Below this a copy costs less than another read.
  private static let directReadLength = 32 * 1024

  func readDirectly(_ read: (inout OutputSpan<UInt8>) -> Void) -> Bool {
    guard machine.isInContent, content.decoder == nil, let rest = machine.directLength, rest >= Self.directReadLength
    else { return false }
    // Room for one byte too many: this detects excess bytes, and makes a complete read a short one, so that the
    // transport need not read again.
    let count = content.append(adding: min(rest, 1 << 20) + 1, read)
    // This turn may have read much already.
    _ = reactor.lookAtClock()
    noteRead()
    if count > rest { content.bytes.removeLast(count - rest) }
    do throws(HTTPWireError) { _ = perform(try machine.receivedDirectly(count)) } catch { fail(error) }
    return true
  }

  /// The response is complete.
  private func finish(isKept: Bool) {
    if let decoder = content.decoder {
      do throws(ContentError) { try decoder.finish() } catch { return fail(error) }
    }
    guard let exchange = exchange.take(), let head = machine.takeHead() else { return close() }
    let trailers = machine.takeTrailers()
    let isDecoded = content.decoder != nil
    let body = endContent(trailers)
    let now = reactor.turnTime
    exchange.times.done = now
    let response = exchange.response(head, body, trailers, isDecoded: isDecoded, birth: birth)
    free(if: isKept, at: now)
    exchange.finish(.success(response))
  }

  /// The server switched to the protocol that was asked for: the connection is the program's.
  /// - Parameter surplus: what came behind the head.
  private func handOver(_ surplus: Span<UInt8>) {
    guard let exchange = exchange.take(), let head = machine.takeHead() else { return close() }
    guard let sink = exchange.stream as? any TransportSink, sink.isAsked(for: head) else {
      machine.drop()
      transport.abort()
      return exchange.finish(.failure(exchange.error(.invalidResponse, UpgradeSink.otherProtocol(head))))
    }
    timer.take()?.cancel()
    exchange.client?.storeCookies(of: head, from: exchange)
    let response = exchange.response(head, isDecoded: false, birth: birth)
    transport.streamProtocol = nil
    transport.putBack(surplus)
    pool.lost(self)
    sink.take(transport)
    exchange.finish(.success(response))
  }

  /// The current response was a redirect or a challenge.
  private func finishDetour(isKept: Bool) {
    guard let exchange = exchange.take(), let head = machine.takeHead() else { return close() }
    free(if: isKept, at: reactor.turnTime)
    exchange.takeDetour(head)
  }

  /// Returns the connection to the pool first, so that requests of a callback can use it; or closes it.
  private func free(if isKept: Bool, at time: Int64) {
    stopBody()
    birth = nil
    if isKept, transport.bufferedBytes == 0, time < end { pool.release(self, at: time) } else { close() }
  }

  func endReceived() -> Bool {
    do throws(HTTPWireError) { _ = perform(try machine.endOfInput(mayRepeat: pool.repeatsRequests)) } catch {
      endEarly(error.message)
    }
    return false
  }

  func connectionLost(_ end: ConnectionEnd) {
    timer?.cancel()
    timer = nil
    stopBody()
    // A repeated request must find its pool, so release that only afterwards.
    switch machine.connectionLost(mayRepeat: pool.repeatsRequests) {
    case .lost: endEarly(end.error?.reason ?? "the connection was closed", network: end.error)
    case let action?: _ = perform(action)
    case nil: break
    }
    pool.lost(self)
  }

  // MARK: - Streaming

  /// Delivers the content of the current read as one piece, for any number of chunks.
  private func handOn() {
    guard let stream = content.stream, let bytes = content.take() else { return }
    if !stream.isPaused { exchange?.moveDeadline() }
    stream.put(bytes)
  }

  /// The buffer is full: back-pressure for the server; the timeout pauses.
  func pauseBody() {
    exchange?.pause()
    transport.pauseReading()
  }

  /// The buffer has room.
  func resumeBody() {
    exchange?.moveDeadline()
    if let exchange { watchDeadline(exchange.nextDeadline) }
    transport.resumeReading()
  }

  /// Ends the content of the current response, and resets the connection's state for it.
  /// - Returns: the collected content.
  private func endContent(_ trailers: HTTPFields? = nil) -> [UInt8] {
    handOn()
    let stream = content.stream
    let bytes = content.end()
    if let trailers { stream?.put(trailers: trailers) }
    if stream?.isPaused == true { transport.resumeReading() }
    return bytes
  }

  // MARK: - Failing

  /// The connection ended before the response was complete.
  private func endEarly(_ reason: String, network: NetError? = nil) {
    _ = endContent()
    guard let exchange = exchange.take() else { return }
    stopBody()
    close()
    let code: HTTPError.Code = network == nil ? .closedEarly : .connectionLost
    exchange.finish(.failure(exchange.error(code, reason, network: network)))
  }

  /// Repeats the request on another connection.
  private func sendAgain() {
    guard let exchange = exchange.take() else { return }
    stopBody()
    close()
    pool.retry(exchange)
  }

  private func fail(_ error: HTTPWireError) {
    let code: HTTPError.Code = error.code == .bodyTooLarge ? .bodyTooLarge : .invalidResponse
    fail { $0.error(code, error.message, wire: error) }
  }

  private func fail(_ error: ContentError) { fail { $0.error(error) } }

  private func fail(_ makeError: (HTTPClient.Exchange) -> HTTPError) {
    _ = endContent()
    machine.drop()
    let exchange = exchange.take()
    stopBody()
    transport.abort()
    if let exchange { exchange.finish(.failure(makeError(exchange))) }
  }

  /// The request was cancelled or timed out: its response may still arrive, so the connection cannot be reused.
  func drop(_ exchange: HTTPClient.Exchange) {
    guard self.exchange === exchange else { return }
    self.exchange = nil
    machine.drop()
    _ = content.end()
    stopBody()
    transport.abort()
  }

  /// Input arrived while it was idle: it must not carry further requests. It is closed only in the next turn.
  private func discard() {
    pool.removeIdle(self)
    close()
  }

  /// Ends the connection, and drops unsent bytes: a server that does not read would keep it open for ever.
  func close() {
    if transport.bufferedBytes > 0 { transport.abort() } else { transport.close() }
  }
}
