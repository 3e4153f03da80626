import HTTPTypes
import SwirlContent
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// One connection to a server: one request at a time goes over it, and between requests it is kept by its pool.
final class ClientConnection: StreamProtocol {
  private let pool: ConnectionPool
  private unowned let reactor: Reactor
  private let limits: HTTPLimits
  private let transport: any ConnectedTransport
  // Exempt from run-time checks for overlapping access: while one of these is changed nothing is called that could come back.
  @exclusivity(unchecked) private var parser: ResponseParser
  @exclusivity(unchecked) private var exchange: HTTPClient.Exchange?
  @exclusivity(unchecked) private var head: ResponseHead?
  /// The content so far; of a streamed response, what the present read brought.
  @exclusivity(unchecked) private var body: [UInt8] = []
  /// What takes the codings off the content of the present response.
  @exclusivity(unchecked) private var decoder: ContentDecoder?
  /// Who is told of the present response while it comes, from its head on.
  @exclusivity(unchecked) private var stream: (any ResponseSink)?
  /// Sends the content of the present request, where that comes in pieces.
  @exclusivity(unchecked) private var sender: BodySender?
  /// Waits for the server's word that it wants the content.
  @exclusivity(unchecked) private var continueTimer: DelayedCall?
  /// Whether the server answered before it got the content, which is not sent any more. It may still wait for it, and would take the next
  /// request for that.
  @exclusivity(unchecked) private var isContentWithheld = false
  /// Whether the present response is only the way to another, and its content of no interest.
  @exclusivity(unchecked) private var isDiscarding = false
  /// Whether anything of the present response has come.
  @exclusivity(unchecked) private var hasBegun = false
  /// Whether this connection has carried a request before the present one.
  @exclusivity(unchecked) private(set) var isReused = false
  /// Whether anything of the present request may have reached the server.
  @exclusivity(unchecked) private var hasSent = false
  /// When the last bytes were read, or a little before, and by which poll of the reactor they were found.
  @exclusivity(unchecked) private var readTime: Int64 = 0
  @exclusivity(unchecked) private var readPoll = 0
  /// Watches the deadline of the present request. It is only ever moved back, which costs nothing, so one lasts for many.
  private var timer: DelayedCall?
  /// When it was last put aside, for the pool.
  var idleSince: Int64 = 0
  /// Whether it is being closed so that one to another origin can be made.
  var isMakingRoom = false
  /// What the transport has said last, which may be before there is content to send.
  private var isWritingPaused = false

  /// When it is too old to be used again.
  private let end: Int64
  /// How it was made; told of with its first response.
  private let birth: ConnectionBirth?

  init(
    pool: ConnectionPool, over transport: any ConnectedTransport, limits: HTTPLimits, times: ConnectTimes?, on reactor: Reactor
  ) {
    self.pool = pool
    self.transport = transport
    self.reactor = reactor
    self.limits = limits
    birth = times.map { ConnectionBirth($0) }
    end = pool.client.lifetimeNanoseconds.map { reactor.turnTime + $0 } ?? .max
    // A proxy passes on what others wrote: there a doubt about where a message ends is an attack (RFC 9112 §11.2).
    let isLenient = pool.proxy == nil && !pool.client.configuration.strictResponses
    parser = ResponseParser(limits: limits, isLenient: isLenient)
  }

  // Only with the reactor: else it has ended before.
  deinit {
    stopBody()
    exchange?.abandon()
  }

  /// Whether it is to give way to a new one.
  var hasLivedLongEnough: Bool { end != .max && reactor.turnTime >= end }

  // MARK: - Sending

  /// What arrives within this time after a read is not looked for, since the look is a system call. Between an answer and the request
  /// that its callback makes there are a few microseconds.
  private static let unwatchedNanoseconds: Int64 = 100_000

  /// Whether the connection can carry `exchange`: the server has sent nothing since its last answer.
  ///
  /// What is there before the request is sent would be taken for its answer (RFC 9112 §9.2): an answer that nobody asked for, a 408
  /// about the wait. A connection whose end is there would lose the request. One that may be repeated needs no look for that if the
  /// last answer has come just now; for one that may not the look comes before all else.
  func canCarry(_ exchange: HTTPClient.Exchange) -> Bool {
    let reactor = reactor
    let hasJustRead =
      readPoll == reactor.pollCount && exchange.request.isRepeatable
      && reactor.lookAtClock() - readTime < Self.unwatchedNanoseconds
    return !transport.hasUndeliveredInput(hasJustRead: hasJustRead)
  }

  /// Sends the request of `exchange`; false when it cannot be sent, which is its error, and the connection stays free.
  func send(_ exchange: HTTPClient.Exchange) -> Bool {
    do {
      try exchange.client?.serialize(exchange, in: pool) { transport.write($0) }
      hasSent = !transport.isBroken
    } catch {
      exchange.failSoon(exchange.error(.invalidRequest, error.message, wire: error))
      return false
    }
    self.exchange = exchange
    exchange.state = .sent(Unmanaged.passUnretained(self))
    exchange.noteActivity()
    exchange.times.sent = reactor.turnTime
    parser.expect(exchange.method)
    watchDeadline(exchange.nextDeadline)
    if let body = exchange.request.body { send(body, of: exchange) }
    return true
  }

  private func send(_ body: HTTPClient.Body, of exchange: HTTPClient.Exchange) {
    switch body.content {
    case .bytes(let bytes) where !exchange.request.expectsContinue: if !bytes.isEmpty { transport.write(bytes) }
    case .bytes(let bytes): send(BytesSource(bytes), length: bytes.count, of: exchange)
    case .source(let length, _, let make): send(make(), length: length, of: exchange)
    }
  }

  /// RFC 9110 §10.1.1: a server that does not know of it will never say that it wants the content.
  private static let continueTimeout = Duration.seconds(1)

  private func send(_ source: any BodySource, length: Int?, of exchange: HTTPClient.Exchange) {
    let sender = BodySender(source, length: length, on: transport) { [unowned self, unowned exchange] outcome in
      self.sender = nil
      if case .failed(let error) = outcome { exchange.abort(exchange.error(.requestBody, "\(error)")) }
    }
    self.sender = sender
    guard exchange.request.expectsContinue else { return sender.start(isPaused: isWritingPaused) }
    continueTimer = reactor.callLater(Self.continueTimeout) { [unowned self] in beginBody() }
  }

  /// Sends the content that waited for the server's word.
  private func beginBody() {
    guard let timer = continueTimer.take() else { return }
    timer.cancel()
    sender?.start(isPaused: isWritingPaused)
  }

  /// Sends no more of the content.
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
        // It may have been set for a request before this one.
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
    // Between requests nothing may come: it would be taken for the answer to the next one.
    guard exchange != nil else { return discard() }
    noteRead()
    exchange?.noteActivity()
    var offset = 0
    do {
      while true {
        switch try parser.next(bytes, at: &offset) {
        case .needMore: return stream == nil ? () : handOn()
        case .informational(let head): if head.status == 100 { beginBody() }
        case .head(let head):
          if isAboutWaiting(head) { return sendAgain() }
          begin(head)
          // Who was told of the head may have ended the request.
          if exchange == nil { return }
        case .data(let range):
          if isDiscarding { continue }
          guard let decoder else {
            body.append(copying: bytes.extracting(range))
            continue
          }
          do { try decode(bytes.extracting(range), decoder) } catch { return fail(error) }
          if exchange == nil { return }
        case .end(let trailers): return finish(trailers, hasSurplus: offset < bytes.count)
        case .upgraded:
          return fail(.invalidResponse, "the server switched to another protocol, which was not asked for")
        }
      }
    } catch {
      if isDiscarding { return finishDetour(isFree: false) }
      let code: HTTPError.Code = error.code == .bodyTooLarge ? .bodyTooLarge : .invalidResponse
      fail(code, error.message, wire: error)
    }
  }

  private func noteRead() {
    let reactor = reactor
    // Without a look at the clock, which would be one for each response.
    readTime = reactor.knownTime
    readPoll = reactor.pollCount
    if !hasBegun {
      hasBegun = true
      exchange?.times.firstByte = reactor.turnTime
    }
  }

  /// Whether the server says that it waited for a request in vain, which it cannot mean of the present one: its word and the request have
  /// passed each other on the way (RFC 9110 §15.5.9).
  private func isAboutWaiting(_ head: ResponseHead) -> Bool {
    head.status == 408 && isReused && !parser.isPersistent && exchange?.isRetry == false
      && exchange!.request.hasReplayableBody && !pool.client.isClosed
  }

  private func begin(_ head: ResponseHead) {
    self.head = head
    exchange?.client?.storeCookies(of: head, from: exchange!)
    // An answer before the content was sent: the server does not want it.
    if continueTimer != nil {
      isContentWithheld = true
      stopBody()
    }
    if let exchange, exchange.isDetour(head) {
      isDiscarding = true
      parser.limits.bodyBytes = Self.discardedLength
      return
    }
    guard beginDecoding(head) else { return }
    if case .stream(let stream) = exchange?.consumer { return begin(head, stream) }
    if decoder == nil, case .contentLength(let length) = head.framing {
      // No more than this on the word of a server that may not keep it; one more for `readDirectly`.
      body.reserveCapacity(min(length, 1 << 20) + 1)
    }
  }

  /// Looks for codings in which the content comes; false when they cannot be taken off, which ends the request.
  private func beginDecoding(_ head: ResponseHead) -> Bool {
    guard head.hasContentCoding, head.framing != .none, let codings = head.list("content-encoding"), let exchange,
      exchange.decodesContent
    else {
      return true
    }
    do {
      var limits = ContentLimits(maximumSize: nil, maximumRatio: pool.client.configuration.maximumDecodingRatio)
      // What is streamed is not collected, and has no limit of its own.
      if exchange.stream == nil { limits.maximumSize = self.limits.bodyBytes }
      decoder = try ContentDecoder(contentEncoding: codings, limits: limits)
      return true
    } catch {
      // As browsers do (Fetch standard, "handle content codings"): with one that is not known, all are left on.
      if error.code == .unsupportedCoding, !pool.client.configuration.strictResponses { return true }
      fail(error)
      return false
    }
  }

  /// Takes the codings off what has come.
  private func decode(_ bytes: Span<UInt8>, _ decoder: ContentDecoder) throws(ContentError) {
    var offset = 0
    while try !decoder.decode(bytes, at: &offset, into: &body) {
      // One read of a stream may be a thousand times as long when it is decoded: it is handed on in pieces.
      if stream != nil { handOn() }
      // Who was given it may have ended the request.
      if exchange == nil { return }
    }
  }

  private func fail(_ error: ContentError) {
    let isTooLarge = error.code == .tooLarge || error.code == .ratioTooHigh
    fail(isTooLarge ? .bodyTooLarge : .invalidResponse, "\(error)")
  }

  /// So much content of a redirect, or of a 401, is read, to keep the connection.
  private static let discardedLength = 64 * 1024

  /// Below this a copy costs less than another read.
  private static let directReadLength = 32 * 1024

  func readDirectly(_ read: (inout OutputSpan<UInt8>) -> Void) -> Bool {
    guard exchange != nil, stream == nil, decoder == nil, !isDiscarding, let rest = parser.remainingLength,
      rest >= Self.directReadLength
    else {
      return false
    }
    let before = body.count
    // Room for a byte too many: if there is one, it is seen, and if not, the transport need not ask for more.
    body.append(addingCapacity: min(rest, 1 << 20) + 1) { read(&$0) }
    let count = body.count - before
    // Much may have been read in this turn already.
    _ = reactor.lookAtClock()
    noteRead()
    exchange?.noteActivity()
    parser.advance(by: min(count, rest))
    if count >= rest { directEnd(surplus: count - rest) }
    return true
  }

  private func directEnd(surplus: Int) {
    body.removeLast(surplus)
    do {
      let nothing: [UInt8] = []
      var offset = 0
      // The parser tells of the end without being given anything more.
      if case .end = try parser.next(nothing.span, at: &offset) { finish(nil, hasSurplus: surplus > 0) }
    } catch {
      fail(.invalidResponse, error.message, wire: error)
    }
  }

  /// The response is complete.
  private func finish(_ trailers: HTTPFields?, hasSurplus: Bool) {
    // A server that answers before it has read the request may never read the rest.
    let isFree =
      parser.isPersistent && !hasSurplus && transport.bufferedBytes == 0 && sender == nil && !isContentWithheld
    if isDiscarding { return finishDetour(isFree: isFree) }
    var isDecoded = false
    if let decoder = decoder.take() {
      do { try decoder.finish() } catch { return fail(error) }
      isDecoded = true
    }
    guard let exchange = exchange.take(), let head = head.take() else { return close() }
    if stream != nil { endStream(trailers) }
    exchange.times.done = reactor.turnTime
    let response = HTTPClient.Response(
      url: exchange.url, head: head, body: body,
      hasCodings: head.hasContentCoding && head.framing != .none && !isDecoded,
      trailers: trailers, history: exchange.history, times: exchange.times, birth: isReused ? nil : birth)
    body = []
    free(if: isFree && !exchange.isLast)
    exchange.finish(.success(response))
  }

  /// The present response was the way to another.
  private func finishDetour(isFree: Bool) {
    isDiscarding = false
    parser.limits = limits
    guard let exchange = exchange.take(), let head = head.take() else { return close() }
    free(if: isFree && !exchange.isLast)
    exchange.takeDetour(head)
  }

  /// Gives the connection back, first of all, so that what a callback asks for can have it; or closes it.
  private func free(if isFree: Bool) {
    stopBody()
    decoder = nil
    hasBegun = false
    isReused = true
    if isFree, !hasLivedLongEnough { pool.release(self) } else { close() }
  }

  func endReceived() -> Bool {
    guard exchange != nil else {
      discard()
      return false
    }
    do {
      if case .end = try parser.endOfInput() {
        finish(nil, hasSurplus: false)
      } else {
        endEarly("the server closed the connection without an answer")
      }
    } catch {
      endEarly(error.message)
    }
    return false
  }

  func connectionLost(_ end: ConnectionEnd) {
    timer?.cancel()
    timer = nil
    stopBody()
    // A request that is sent once more must find its pool: only then may that be given up.
    if let network = end.error {
      endEarly(network.reason, network: network)
    } else {
      endEarly("the connection was closed")
    }
    pool.lost(self)
  }

  // MARK: - Streaming

  private func begin(_ head: ResponseHead, _ stream: any ResponseSink) {
    guard let exchange else { return }
    self.stream = stream
    // Nothing of it is collected here.
    parser.limits.bodyBytes = nil
    exchange.moveDeadline()
    let response = HTTPClient.Response(
      url: exchange.url, head: head, body: [],
      hasCodings: head.hasContentCoding && head.framing != .none && decoder == nil,
      history: exchange.history, times: exchange.times, birth: isReused ? nil : birth)
    stream.begin(response, of: exchange, on: self, reactor)
  }

  /// Hands on what the present read has brought, as one piece, however many chunks it came in.
  private func handOn() {
    guard let stream, !body.isEmpty else { return }
    var bytes: [UInt8] = []
    swap(&bytes, &body)
    if !stream.isPaused { exchange?.moveDeadline() }
    stream.put(bytes)
  }

  /// More waits than is good: the server is to wait, and the time to stand still.
  func pauseBody() {
    exchange?.pause()
    transport.pauseReading()
  }

  /// What waited was taken.
  func resumeBody() {
    exchange?.moveDeadline()
    if let exchange { watchDeadline(exchange.nextDeadline) }
    transport.resumeReading()
  }

  /// The present response has no more content: the connection is as it was before it.
  private func endStream(_ trailers: HTTPFields? = nil) {
    handOn()
    body = []
    parser.limits = limits
    if let trailers { stream?.put(trailers: trailers) }
    if stream.take()?.isPaused == true { transport.resumeReading() }
  }

  // MARK: - Failing

  /// The connection ended before the response was complete. One that was kept may have been closed by the server before the
  /// request reached it: then, if nothing had come, the request goes out once more on another.
  private func endEarly(_ reason: String, network: NetError? = nil) {
    if isDiscarding { return finishDetour(isFree: false) }
    if stream != nil { endStream() }
    guard let exchange else { return }
    if isReused, !hasBegun, !exchange.isRetry, !pool.client.isClosed,
      exchange.request.isRepeatable || !hasSent && exchange.request.hasReplayableBody
    {
      return sendAgain()
    }
    self.exchange = nil
    stopBody()
    close()
    let code: HTTPError.Code = network == nil ? .closedEarly : .connectionLost
    exchange.finish(.failure(exchange.error(code, reason, network: network)))
  }

  /// Sends the request once more, on another connection.
  private func sendAgain() {
    guard let exchange = exchange.take() else { return }
    stopBody()
    close()
    exchange.isRetry = true
    pool.retry(exchange)
  }

  private func fail(_ code: HTTPError.Code, _ reason: String, wire: HTTPWireError? = nil) {
    if stream != nil { endStream() }
    let exchange = exchange.take()
    stopBody()
    transport.abort()
    exchange?.finish(.failure(exchange!.error(code, reason, wire: wire)))
  }

  /// The request was cancelled or timed out: its answer may still come, so the connection is of no use any more.
  func drop(_ exchange: HTTPClient.Exchange) {
    guard self.exchange === exchange else { return }
    self.exchange = nil
    stream = nil
    isDiscarding = false
    stopBody()
    transport.abort()
  }

  /// Something came while it was free: nobody may get it any more, and at once, since it is closed in the next turn only.
  private func discard() {
    pool.removeIdle(self)
    close()
  }

  /// Ends the connection. What could not be sent yet is dropped: a server that does not read would keep it open for ever.
  func close() {
    if transport.bufferedBytes > 0 { transport.abort() } else { transport.close() }
  }
}
