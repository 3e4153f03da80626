#if HTTP2
import HTTPTypes
import SwirlDeferred
import SwirlHTTP2
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// Sends the response, and what is sent in its place.
extension HTTP2ServerStream {
  func answer(_ exchange: Exchange, with response: HTTPServer.Response) {
    if isOver { return }
    // It does not wait in its exchange.
    exchange.state = .done
    respond(exchange, with: response)
  }

  func answerLater() { connection.wire.flushSoon() }

  func respond() {
    guard let exchange, case .ready(let response) = exchange.state else { return }
    respond(exchange, with: response)
  }

  private func respond(_ exchange: Exchange, with response: HTTPServer.Response) {
    // A response that comes later than the read of its request.
    server.commonFields.refresh(at: reactor.wallSeconds)
    switch response.content {
    case .stream(let length, let write): start(write, length, response, exchange)
    case .upgrade(let makeProtocol): startTunnel(makeProtocol, response, exchange)
    case .webSocket(let answer):
      respond(exchange, with: answer.response(to: exchange.request, response.fields))
      return
    case .empty, .text, .bytes, .prepared: sendWhole(response, exchange)
    }
    connection.wire.flushSoon()
  }

  private func sendWhole(_ response: HTTPServer.Response, _ exchange: Exchange) {
    do { try send(response, exchange) } catch {
      let replacement = server.replacement(for: error, to: exchange.request)
      // It is our own, and can be sent; unless the session ends.
      do { try send(replacement, exchange) } catch { reset(.internalError) }
    }
  }

  private func send(_ response: HTTPServer.Response, _ exchange: Exchange) throws {
    let count = response.content.count
    let plan = try sendHead(response, .whole, count, exchange)
    dropContent()
    if plan.sendsContent, count > 0 {
      switch response.content {
      case .text(let text): write(Array(text.utf8))
      case .bytes(let bytes): write(bytes)
      case .empty, .stream, .upgrade, .webSocket, .prepared: break
      }
      session.end(id)
    }
  }

  /// Sends the head; if it throws, it has sent nothing.
  private func sendHead(
    _ response: HTTPServer.Response, _ kind: ResponseFacts.Kind, _ length: Int?, _ exchange: Exchange,
    isTunnel: Bool = false
  ) throws -> ResponsePlan {
    var facts = ResponseFacts(status: response.status.code, kind: kind, length: length)
    facts.statedLength = response.fields?[.contentLength].flatMap { Int($0) }
    let answered = exchange.request?.head.answered ?? .unreadable
    let plan = try ResponsePlan(http2: facts, to: answered, asksForTunnel: asksForTunnel, isTunnel: isTunnel)
    var head: [UInt8] = []
    swap(&head, &server.spareOutput)
    defer {
      head.removeAll(keepingCapacity: head.capacity <= ServerConnection.bufferLimit)
      swap(&head, &server.spareOutput)
    }
    try server.commonFields.appendHead(
      of: response, by: plan, ResponseSerializer(answering: answered, as: plan), to: &head)
    try session.respond(head, on: id, hasContent: plan.sendsContent && (length != 0 || kind != .whole))
    written = (response.status.code, 0)
    if response.closes { connection.drain() }
    return plan
  }

  private func start(
    _ write: (HTTPServer.BodyWriter) throws -> Void, _ length: Int?, _ response: HTTPServer.Response,
    _ exchange: Exchange
  ) {
    let plan: ResponsePlan
    if response.status.code < 300 { continueBeforeAnswer() }
    do { plan = try sendHead(response, .streamed, length, exchange) } catch {
      return sendWhole(server.replacement(for: error, to: exchange.request), exchange)
    }
    guard plan.sendsContent else { return dropContent() }
    exchange.stream(write, as: plan.framing, status: response.status.code, to: self)
  }

  private func startTunnel(
    _ makeProtocol: (any Transport) throws -> any StreamProtocol, _ response: HTTPServer.Response, _ exchange: Exchange
  ) {
    let transport = HTTP2StreamTransport(id, on: connection.wire)
    let successor: any StreamProtocol
    do {
      guard asksForTunnel else { throw UnsendableResponse.upgradeNotOffered }
      successor = try makeProtocol(transport)
      // The session sends a 101 as the 200 that accepts an extended CONNECT (RFC 8441 §5).
      _ = try sendHead(response, .streamed, nil, exchange, isTunnel: true)
    } catch {
      return sendWhole(server.replacement(for: error, to: exchange.request, "the upgrade failed"), exchange)
    }
    tunnel = transport
    finish(exchange, isComplete: true)
    transport.streamProtocol = successor
    successor.connectionMade(transport)
    // The server was stopped while the handler thought about it.
    if connection.state != .open { (successor as? any GracefulProtocol)?.closeGracefully() }
    transport.receive(body.span)
    body = []
    if hasInputEnded { transport.inputEnded() }
  }

  /// The request is answered before its content is complete.
  func dropContent() {
    if hasInputEnded { return }
    isContentDropped = true
    body = []
    giveRoom()
    upload.take()?.finish(throwing: CancelledError())
  }

  /// Gives the client back the room of content that the handler had not taken.
  func giveRoom() {
    session.consume(unconsumed, of: id)
    unconsumed = 0
    connection.wire.flushSoon()
  }

  private func write(_ bytes: [UInt8]) {
    // The client's time for pending bytes begins when there are some.
    if !watch.isOn || session.pendingBytes(of: id) == 0 { beginWatch(reactor.turnTime) }
    written?.bytes += bytes.count
    if !session.write(bytes, on: id) { isWritingPaused = true }
    connection.arm(at: watch.deadline)
  }

  func resumeWriting() {
    if let tunnel { return tunnel.contentSent() }
    isWritingPaused = false
    if case .streaming(let body)? = exchange?.state { body.drain() }
  }

  /// The whole response is in the output.
  func outputEnded() {
    if let tunnel { return tunnel.outputEnded() }
    guard let exchange, !isOver else { return }
    finish(exchange, isComplete: true)
    // Content that is still being sent is not wanted any more (RFC 9113 §8.1).
    if !hasInputEnded {
      resetDeadline = reactor.turnTime + server.times.linger
      connection.resetAnswered(self)
    }
  }

  func reset(_ code: HTTP2ErrorCode) {
    session.reset(id, code)
    connection.wire.flushSoon()
  }

  // MARK: - Refusing

  /// Answers a request for which no handler is called.
  func refuse(_ error: HTTPServer.StatusError) {
    let request = head.map { HTTPServer.Request($0, connection: connection.facts) }
    decline(request, with: server.response(to: error, request))
  }

  func decline(_ request: HTTPServer.Request?, with response: HTTPServer.Response) {
    isContentDropped = true
    body = []
    answer(begin(request), with: response)
  }

  /// The content cannot be taken: a handler that has not answered learns why, and its client too.
  func failContent(_ error: HTTPServer.StatusError) {
    guard let exchange else { return refuse(error) }
    isContentDropped = true
    deliver()
    let isAnswered: Bool
    if case .waiting = exchange.state { isAnswered = false } else { isAnswered = true }
    // Before the handler's Deferred is cancelled, whose own response comes too late.
    if !isAnswered { exchange.state = .ready(server.response(to: error, exchange.request)) }
    upload.take()?.finish(throwing: error)
    if isAnswered { return }
    exchange.responder = nil
    exchange.source.take()?.cancel()
    respond()
  }
}

extension HTTP2ServerStream: BodyDestination {
  var canTakeMore: Bool { !isWritingPaused }
  var bufferedBytes: Int { session.pendingBytes(of: id) }
  var isStopping: Bool { server.isStopping(connection) }

  func send(_ bytes: Span<UInt8>, inChunk: Bool) {
    var copy: [UInt8] = []
    copy.append(copying: bytes)
    write(copy)
    connection.wire.flushSoon()
  }

  func sendEnd(_ trailers: HTTPFields?) throws(HTTPWireError) {
    guard let trailers else { return }
    // For its checks.
    var lines: [UInt8] = []
    try ChunkSerializer.appendEnd(trailers: trailers, to: &lines)
    outgoingTrailers = trailers
  }

  func bodyEnded(_ exchange: Exchange, status: Int, bytes: Int) {
    session.end(id, trailers: outgoingTrailers)
    connection.wire.flushSoon()
  }

  func abort() { reset(.internalError) }

  func log(_ message: String, of request: HTTPServer.Request?) {
    server.log(message, of: request, from: connection.facts.peer)
  }
}
#endif
