import HTTPTypes
import SwirlDeferred
import SwirlHTTPWire
import SwirlNet
import SwirlReactor

/// One connection to a server: one request at a time goes over it, and between requests it is kept by its pool.
final class ClientConnection: StreamProtocol {
  private let pool: ConnectionPool
  private unowned let reactor: Reactor
  private var transport: (any Transport)!
  // Exempt from run-time checks for overlapping access: while one of these is changed nothing is called that could come back.
  @exclusivity(unchecked) private var parser: ResponseParser
  private var exchange: HTTPClient.Exchange?
  private var head: ResponseHead?
  @exclusivity(unchecked) private var body: [UInt8] = []
  /// Whether anything of the present response has come.
  private var hasBegun = false
  /// Whether this connection has carried a request before the present one.
  private var isReused = false
  /// Watches the deadline of the present request. It is only ever moved back, which costs nothing, so one lasts for many.
  private var timer: DelayedCall?
  /// When it was last put aside, for the pool.
  var idleSince: Int64 = 0
  private var isClosing = false

  init(pool: ConnectionPool, limits: HTTPLimits, on reactor: Reactor) {
    self.pool = pool
    self.reactor = reactor
    parser = ResponseParser(limits: limits)
  }

  func connectionMade(_ transport: any Transport) {
    self.transport = transport
  }

  // MARK: - Sending

  /// Sends the request of `exchange`. What cannot be sent is its error, and the connection stays free.
  func send(_ exchange: HTTPClient.Exchange) {
    do {
      try exchange.client?.serialize(exchange, for: pool.host) { transport.write($0) }
    } catch {
      pool.release(self)
      exchange.finish(.failure(exchange.error(.invalidRequest, error.message, wire: error)))
      return
    }
    if let body = exchange.requestBody, !body.isEmpty { transport.write(body) }
    self.exchange = exchange
    exchange.state = .sent(self)
    parser.expect(exchange.method)
    watchDeadline(exchange.deadline)
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
    hasBegun = true
    var offset = 0
    do {
      while !isClosing {
        switch try parser.next(bytes, at: &offset) {
        case .needMore: return
        case .informational: break
        case .head(let head): begin(head)
        case .data(let range): body.append(copying: bytes.extracting(range))
        case .end: finish()
        case .upgraded:
          fail(.invalidResponse, "the server switched to another protocol, which was not asked for")
        }
        // Between requests nothing may come: it would be taken for the answer to the next one.
        if exchange == nil, offset < bytes.count { return close() }
      }
    } catch {
      let code: HTTPError.Code = error.code == .bodyTooLarge ? .bodyTooLarge : .invalidResponse
      fail(code, error.message, wire: error)
    }
  }

  private func begin(_ head: ResponseHead) {
    self.head = head
    if case .contentLength(let length) = head.framing {
      // No more than this on the word of a server that may not keep it.
      body.reserveCapacity(min(length, 1 << 20))
    }
  }

  /// Below this a copy costs less than another read.
  private static let directReadLength = 32 * 1024

  func readDirectly(_ read: (inout OutputSpan<UInt8>) -> Void) -> Bool {
    guard exchange != nil, let rest = parser.remainingLength, rest >= Self.directReadLength else { return false }
    let before = body.count
    body.append(addingCapacity: min(rest, 1 << 20)) { read(&$0) }
    let count = body.count - before
    parser.advance(by: count)
    // The parser tells of the end without being given anything more.
    let nothing: [UInt8] = []
    if count == rest { dataReceived(nothing.span) }
    return true
  }

  /// The response is complete.
  private func finish() {
    guard let exchange = exchange.take(), let head = head.take() else { return close() }
    let response = HTTPClient.Response(url: exchange.url, head: head, body: body)
    body = []
    hasBegun = false
    isReused = true
    // First free the connection, so that what the callback asks for can have it.
    if parser.isPersistent, !isClosing { pool.release(self) } else { close() }
    exchange.finish(.success(response))
  }

  func endReceived() -> Bool {
    do {
      if case .end = try parser.endOfInput() { finish() }
    } catch {
      endEarly(error.message)
    }
    return false
  }

  func connectionLost(_ end: ConnectionEnd) {
    timer?.cancel()
    timer = nil
    pool.lost(self)
    if let network = end.error {
      endEarly(network.reason, network: network)
    } else {
      endEarly("the connection was closed")
    }
  }

  // MARK: - Failing

  /// The connection ended before the response was complete. One that was kept may have been closed by the server before the
  /// request reached it: then, if nothing had come, the request goes out once more on another.
  private func endEarly(_ reason: String, network: NetError? = nil) {
    guard let exchange = exchange.take() else { return }
    close()
    if isReused, !hasBegun, !exchange.isRetry, exchange.isRepeatable {
      exchange.isRetry = true
      return pool.retry(exchange)
    }
    let code: HTTPError.Code = network == nil ? .closedEarly : .connectionLost
    exchange.finish(.failure(exchange.error(code, reason, network: network)))
  }

  private func fail(_ code: HTTPError.Code, _ reason: String, wire: HTTPWireError? = nil) {
    let exchange = exchange.take()
    abort()
    exchange?.finish(.failure(exchange!.error(code, reason, wire: wire)))
  }

  /// The request was cancelled or timed out: its answer may still come, so the connection is of no use any more.
  func drop(_ exchange: HTTPClient.Exchange) {
    guard self.exchange === exchange else { return }
    self.exchange = nil
    abort()
  }

  func close() {
    isClosing = true
    transport.close()
  }

  private func abort() {
    isClosing = true
    transport.abort()
  }
}
