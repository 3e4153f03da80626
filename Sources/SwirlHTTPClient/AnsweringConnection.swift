import HTTPTypes
import SwirlContent
import SwirlDeferred
import SwirlHTTPCore
import SwirlReactor

/// Stands in for the connections of a pool, and takes any number of requests at once: a function answers them, without
/// a socket.
final class AnsweringConnection: PooledConnection {
  fileprivate let answer: (HTTPClient.Request) throws -> Deferred<HTTPClient.StreamedResponse>
  // The pool is there as long as one of its requests is under way.
  private unowned let pool: ConnectionPool
  fileprivate unowned let reactor: Reactor
  private var requests: [ObjectIdentifier: AnsweredRequest] = [:]

  init(
    in pool: ConnectionPool, on reactor: Reactor,
    _ answer: @escaping (HTTPClient.Request) throws -> Deferred<HTTPClient.StreamedResponse>
  ) {
    self.answer = answer
    self.pool = pool
    self.reactor = reactor
  }

  var capacity: Int { .max }

  /// How many requests are under way.
  var busy: Int { requests.count }

  /// The reactor is released, and with it all that could answer.
  func abandon() {
    let requests = requests
    self.requests = [:]
    for request in requests.values { request.abandon() }
  }

  func send(_ exchange: HTTPClient.Exchange) -> Bool {
    guard let client = exchange.client else { return false }
    do {
      let request = try client.requestAsSent(exchange, in: pool)
      let answered = AnsweredRequest(exchange, on: self)
      requests[ObjectIdentifier(answered)] = answered
      answered.start(request)
      return true
    } catch {
      exchange.failSoon(exchange.error(.invalidRequest, error.message, wire: error))
      return false
    }
  }

  fileprivate func ended(_ request: AnsweredRequest) {
    requests[ObjectIdentifier(request)] = nil
    if requests.isEmpty { pool.noteUnused() }
  }
}

/// One request that a function answers. As on a connection, what its head means the exchange decides, and its deadline
/// is watched.
final class AnsweredRequest: RequestCarrier {
  private let exchange: HTTPClient.Exchange
  private let connection: AnsweringConnection
  private let reactor: Reactor
  private var content = ResponseContent()
  /// What is being waited for: the answer, then its content.
  private var work: Deferred<Void>?
  private var timer: DelayedCall?
  /// What the content waits for while its consumer has enough.
  private var pause: Deferred<Void>?
  private var received = 0
  private var isOver = false

  init(_ exchange: HTTPClient.Exchange, on connection: AnsweringConnection) {
    self.exchange = exchange
    self.connection = connection
    reactor = connection.reactor
  }

  func start(_ request: HTTPClient.Request) {
    exchange.state = .carried(self)
    exchange.noteActivity()
    exchange.times.sent = reactor.turnTime
    watchDeadline()
    // No result comes before the caller has its handle.
    reactor.callSoon { [self] in
      if isOver { return }
      work = maybeDeferred { try self.connection.answer(request) }
        .addCallback { [self] response in isOver ? .succeed() : try begin(response) }
        .addErrback { [self] error in fail(error) }
      // `answer` may have cancelled its own request.
      if isOver { stopWork() }
    }
  }

  private func watchDeadline() {
    timer?.cancel()
    timer = nil
    let deadline = exchange.nextDeadline
    guard deadline != .max, !isOver else { return }
    timer = reactor.callAt(Reactor.Instant(nanoseconds: deadline)) { [unowned self] in
      if exchange.nextDeadline > reactor.now.nanoseconds { watchDeadline() } else { exchange.abortTimedOut() }
    }
  }

  private func begin(_ response: HTTPClient.StreamedResponse) throws -> Deferred<Void> {
    exchange.times.firstByte = reactor.turnTime
    let hasNoContent = exchange.method == .head || [204, 304].contains(response.status.code)
    let made = response.response.head
    let head = hasNoContent ? made.withoutContent : made
    switch try exchange.reception(of: head) {
    case .discard:
      return response.discard().addCallback { [self] in
        let exchange = exchange
        end()
        exchange.takeDetour(head)
      }
    case .collect(let decoder): content.collect(decoder, head.framing)
    case .stream(let stream, let decoder):
      content.stream(to: stream, decoder)
      exchange.moveDeadline()
      stream.begin(exchange.response(head, isDecoded: decoder != nil, birth: nil), of: exchange, reactor)
      // The consumer may have ended the request. Releasing `response` stops its content.
      if isOver { return .succeed() }
    }
    if hasNoContent {
      return response.discard().addCallback { [self] in try finish(head, nil) }
    }
    return response.body.drain { [self] piece in
      try take(piece)
      return pause
    }
    .addCallback { [self] in try finish(head, response.trailers) }
  }

  private func take(_ piece: [UInt8]) throws {
    received += piece.count
    exchange.noteActivity()
    if let decoder = content.decoder {
      try decoder.decode(piece.span, into: &content.bytes)
    } else {
      content.append(piece.span)
    }
    if let limit = exchange.bodyLimit, content.bytes.count > limit || received > limit && content.decoder == nil {
      throw exchange.error(.bodyTooLarge, "the content is larger than \(limit) bytes (RFC 9110 §15.5.14)")
    }
    guard let stream = content.stream, let bytes = content.take() else { return }
    exchange.moveDeadline()
    stream.put(bytes)
    // The consumer may have ended the request, while no Deferred waits for this piece that `drop` could cancel.
    if isOver { throw CancelledError() }
  }

  private func finish(_ head: ResponseHead, _ trailers: HTTPFields?) throws {
    if isOver { return }
    try content.decoder?.finish()
    let isDecoded = content.decoder != nil
    if let stream = content.stream, let bytes = content.take() { stream.put(bytes) }
    if isOver { return }
    if let trailers { content.stream?.put(trailers: trailers) }
    let body = content.end()
    exchange.times.done = reactor.turnTime
    let response = exchange.response(head, body, trailers, isDecoded: isDecoded, birth: nil)
    let exchange = exchange
    end()
    exchange.finish(.success(response))
  }

  private func fail(_ error: any Error) {
    if isOver { return }
    let exchange = exchange
    end()
    switch error {
    case is HTTPError, is CancelledError: exchange.finish(.failure(error))
    case let error as ContentError: exchange.finish(.failure(exchange.error(error)))
    default: exchange.finish(.failure(exchange.connectError(error, through: nil)))
    }
  }

  private func end() {
    isOver = true
    timer?.cancel()
    timer = nil
    pause = nil
    _ = content.end()
    connection.ended(self)
  }

  fileprivate func abandon() {
    isOver = true
    exchange.abandon()
  }

  // MARK: - What the exchange says

  /// The caller gave the request up.
  func drop() {
    if isOver { return }
    end()
    stopWork()
  }

  private func stopWork() {
    // Cancelling a Deferred whose source was released fails its last stage, and the exchange has its result already.
    work?.addErrback { _ in }
    work.take()?.cancel()
  }

  func pauseBody() {
    exchange.pause()
    if pause == nil { pause = Deferred() }
  }

  func resumeBody() {
    exchange.moveDeadline()
    watchDeadline()
    pause.take()?.callback(())
  }
}
