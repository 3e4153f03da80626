import HTTPTypes
import SwirlDeferred
import SwirlHTTPWire
import SwirlNet
import SwirlReactor

/// One connection to a server: one request at a time goes over it, and between requests it is kept by its pool.
final class ClientConnection: StreamProtocol {
  private let pool: ConnectionPool
  private unowned let reactor: Reactor
  private let limits: HTTPLimits
  private var transport: (any Transport)!
  // Exempt from run-time checks for overlapping access: while one of these is changed nothing is called that could come back.
  @exclusivity(unchecked) private var parser: ResponseParser
  private var exchange: HTTPClient.Exchange?
  private var head: ResponseHead?
  /// The content so far; of a streamed response, what the present read brought.
  @exclusivity(unchecked) private var body: [UInt8] = []
  /// Who is told of the present response while it comes, from its head on.
  private var stream: ResponseStream?
  /// Whether anything of the present response has come.
  private var hasBegun = false
  /// Whether this connection has carried a request before the present one.
  private var isReused = false
  /// Watches the deadline of the present request. It is only ever moved back, which costs nothing, so one lasts for many.
  private var timer: DelayedCall?
  /// When it was last put aside, for the pool.
  var idleSince: Int64 = 0
  /// Whether it is being closed so that one to another origin can be made.
  var isMakingRoom = false

  init(pool: ConnectionPool, limits: HTTPLimits, on reactor: Reactor) {
    self.pool = pool
    self.reactor = reactor
    self.limits = limits
    parser = ResponseParser(limits: limits)
  }

  // Only with the reactor: else it has ended before.
  deinit { exchange?.abandon() }

  func connectionMade(_ transport: any Transport) {
    self.transport = transport
  }

  // MARK: - Sending

  /// Sends the request of `exchange`; false when it cannot be sent, which is its error, and the connection stays free.
  func send(_ exchange: HTTPClient.Exchange) -> Bool {
    do {
      try exchange.client?.serialize(exchange, for: pool.host) { transport.write($0) }
    } catch {
      exchange.failSoon(exchange.error(.invalidRequest, error.message, wire: error))
      return false
    }
    if let body = exchange.requestBody, !body.isEmpty { transport.write(body) }
    self.exchange = exchange
    exchange.state = .sent(Unmanaged.passUnretained(self))
    parser.expect(exchange.method)
    watchDeadline(exchange.deadline)
    return true
  }

  private func watchDeadline(_ deadline: Int64) {
    guard deadline != .max else { return }
    if let timer, timer.isActive {
      timer.move(to: deadline)
    } else {
      timer = reactor.callAt(Reactor.Instant(nanoseconds: deadline)) { [unowned self] in
        // It may have been set for a request before this one.
        guard let exchange else { return }
        if exchange.deadline > reactor.now.nanoseconds {
          watchDeadline(exchange.deadline)
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
    hasBegun = true
    var offset = 0
    do {
      while true {
        switch try parser.next(bytes, at: &offset) {
        case .needMore: return stream == nil ? () : handOn()
        case .informational: break
        case .head(let head):
          begin(head)
          // Who was told of the head may have ended the request.
          if exchange == nil { return }
        case .data(let range): body.append(copying: bytes.extracting(range))
        case .end: return finish(hasSurplus: offset < bytes.count)
        case .upgraded:
          return fail(.invalidResponse, "the server switched to another protocol, which was not asked for")
        }
      }
    } catch {
      let code: HTTPError.Code = error.code == .bodyTooLarge ? .bodyTooLarge : .invalidResponse
      fail(code, error.message, wire: error)
    }
  }

  private func begin(_ head: ResponseHead) {
    self.head = head
    if case .stream(let stream) = exchange?.consumer { return begin(head, stream) }
    if case .contentLength(let length) = head.framing {
      // No more than this on the word of a server that may not keep it; one more for `readDirectly`.
      body.reserveCapacity(min(length, 1 << 20) + 1)
    }
  }

  /// Below this a copy costs less than another read.
  private static let directReadLength = 32 * 1024

  func readDirectly(_ read: (inout OutputSpan<UInt8>) -> Void) -> Bool {
    guard exchange != nil, stream == nil, let rest = parser.remainingLength, rest >= Self.directReadLength else {
      return false
    }
    let before = body.count
    // Room for a byte too many: if there is one, it is seen, and if not, the transport need not ask for more.
    body.append(addingCapacity: min(rest, 1 << 20) + 1) { read(&$0) }
    let count = body.count - before
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
      if case .end = try parser.next(nothing.span, at: &offset) { finish(hasSurplus: surplus > 0) }
    } catch {
      fail(.invalidResponse, error.message, wire: error)
    }
  }

  /// The response is complete.
  private func finish(hasSurplus: Bool) {
    guard let exchange = exchange.take(), let head = head.take() else { return close() }
    if stream != nil { endStream() }
    let response = HTTPClient.Response(url: exchange.url, head: head, body: body)
    body = []
    hasBegun = false
    isReused = true
    // First free the connection, so that what the callback asks for can have it.
    // A server that answers before it has read the request may never read the rest.
    let isFree = parser.isPersistent && !hasSurplus && transport.bufferedBytes == 0 && !exchange.isLast
    if isFree { pool.release(self) } else { close() }
    exchange.finish(.success(response))
  }

  func endReceived() -> Bool {
    guard exchange != nil else {
      discard()
      return false
    }
    do {
      if case .end = try parser.endOfInput() {
        finish(hasSurplus: false)
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
    // A request that is sent once more must find its pool: only then may that be given up.
    if let network = end.error {
      endEarly(network.reason, network: network)
    } else {
      endEarly("the connection was closed")
    }
    pool.lost(self)
  }

  // MARK: - Streaming

  private func begin(_ head: ResponseHead, _ stream: ResponseStream) {
    guard let exchange else { return }
    self.stream = stream
    // Nothing of it is collected here.
    parser.limits.bodyBytes = nil
    moveDeadline()
    stream.begin(head, of: exchange, on: self, reactor)
  }

  /// Hands on what the present read has brought, as one piece, however many chunks it came in.
  private func handOn() {
    guard let stream, !body.isEmpty else { return }
    var bytes: [UInt8] = []
    swap(&bytes, &body)
    if !stream.isPaused { moveDeadline() }
    stream.put(bytes)
  }

  /// Something came, or may come again: from now on the next must come within the time of the request.
  private func moveDeadline() {
    if let exchange, let timeout = exchange.timeout { exchange.deadline = reactor.turnTime + timeout.nanoseconds }
  }

  /// More waits than is good: the server is to wait, and the time to stand still.
  func pauseBody() {
    exchange?.deadline = .max
    transport.pauseReading()
  }

  /// What waited was taken.
  func resumeBody() {
    moveDeadline()
    if let exchange { watchDeadline(exchange.deadline) }
    transport.resumeReading()
  }

  /// The present response has no more content: the connection is as it was before it.
  private func endStream() {
    handOn()
    body = []
    parser.limits = limits
    if stream.take()?.isPaused == true { transport.resumeReading() }
  }

  // MARK: - Failing

  /// The connection ended before the response was complete. One that was kept may have been closed by the server before the
  /// request reached it: then, if nothing had come, the request goes out once more on another.
  private func endEarly(_ reason: String, network: NetError? = nil) {
    if stream != nil { endStream() }
    guard let exchange = exchange.take() else { return }
    close()
    if isReused, !hasBegun, !exchange.isRetry, exchange.isRepeatable, !pool.client.isClosed {
      exchange.isRetry = true
      return pool.retry(exchange)
    }
    let code: HTTPError.Code = network == nil ? .closedEarly : .connectionLost
    exchange.finish(.failure(exchange.error(code, reason, network: network)))
  }

  private func fail(_ code: HTTPError.Code, _ reason: String, wire: HTTPWireError? = nil) {
    if stream != nil { endStream() }
    let exchange = exchange.take()
    transport.abort()
    exchange?.finish(.failure(exchange!.error(code, reason, wire: wire)))
  }

  /// The request was cancelled or timed out: its answer may still come, so the connection is of no use any more.
  func drop(_ exchange: HTTPClient.Exchange) {
    guard self.exchange === exchange else { return }
    self.exchange = nil
    stream = nil
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
