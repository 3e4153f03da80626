#if HTTP2
import HTTPTypes
import SwirlDeferred
import SwirlHTTP2
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// One request and its response on a stream of HTTP/2 (RFC 9113 §8.1).
///
/// Unlike in HTTP/1 no response waits for another one's.
final class HTTP2ServerStream: Responder {
  let id: Int32
  // It has every stream that is not over, and calls `clientGone` or `reactorReleased` at its end.
  private(set) unowned var connection: HTTP2ServerConnection
  private(set) var exchange: Exchange?

  // Content
  private var head: RequestHead?
  /// Whether what follows the head is for a tunnel (RFC 9113 §8.5, RFC 8441 §4).
  private var asksForTunnel = false
  /// The protocol of a tunnel writes and reads the content of both directions.
  private var tunnel: HTTP2StreamTransport?
  private var body: [UInt8] = []
  private var trailers: HTTPFields?
  var upload: RequestUpload?
  /// The client has sent the whole request.
  private(set) var hasInputEnded = false
  /// Content that arrives is not wanted.
  var isContentDropped = false
  private var limit: Int?
  private var received = 0
  /// What was received, and whose room the client has not got back because the handler has enough.
  var unconsumed = 0
  /// The start of the content's time limit.
  var contentStart: Int64 = 0

  // Output
  private var isWritingPaused = false
  /// The status and the length of the content that was passed to the session.
  private var written: (status: Int, bytes: Int)?
  private var outgoingTrailers: HTTPFields?
  private var writeCheck = Int64.max
  private var sentAtCheck = 0
  private var connectionSentAtCheck = 0
  private var isOver = false

  init(_ id: Int32, on connection: HTTP2ServerConnection) {
    self.id = id
    self.connection = connection
  }

  var server: HTTPServer { connection.server }
  var reactor: Reactor! { connection.reactor }
  var session: HTTP2Session { connection.session }

  // MARK: - The request

  /// - Parameter asksForTunnel: whether the method is CONNECT.
  func begin(_ head: RequestHead, asksForTunnel: Bool) {
    self.head = head
    self.asksForTunnel = asksForTunnel
    if asksForTunnel { return handle(HTTPServer.Request(head, connection: connection.facts)) }
    if head.expectsOther { return refuse(HTTPServer.StatusError(.expectationFailed)) }
    if head.framing == .none { return }
    contentStart = reactor.turnTime
    limit = server.configuration.limits.bodyBytes
    let request = HTTPServer.Request(head, connection: connection.facts)
    do {
      switch try server.decideOnBody?(request).choice {
      case .accept(let limit?): self.limit = limit
      case .accept, nil: break
      case .refuse(let response): return decline(request, with: response)
      }
    } catch {
      return decline(request, with: server.failureResponse(error, to: request))
    }
    if let length = head.contentLength, let limit, length > limit { return refuse(tooLarge(limit)) }
    if head.expectsContinue { sendContinue() }
    connection.arm(at: deadline)
    if case .streaming(let handler) = server.handler { beginUpload(request, handler) }
  }

  private func tooLarge(_ limit: Int) -> HTTPServer.StatusError {
    HTTPServer.StatusError(.contentTooLarge, "the content is larger than \(limit) bytes (RFC 9110 §15.5.14)")
  }

  private func sendContinue() {
    // It is our own, and can be sent.
    try? session.respond(Array("HTTP/1.1 100 \r\n\r\n".utf8), on: id, hasContent: false)
    connection.wire.flushSoon()
  }

  private func beginUpload(
    _ request: HTTPServer.Request, _ handler: (HTTPServer.StreamedRequest) throws -> Deferred<HTTPServer.Response>
  ) {
    let exchange = begin(request)
    let upload = RequestUpload(exchange, from: self)
    self.upload = upload
    exchange.wait(for: self) { try handler(HTTPServer.StreamedRequest(request, body: upload.makeStream())) }
  }

  private func begin(_ request: HTTPServer.Request?) -> Exchange {
    let start = server.onFinish == nil ? 0 : reactor.now.nanoseconds
    let exchange = Exchange(request, Int(id), start: start)
    self.exchange = exchange
    return exchange
  }

  /// Takes content; returns whether `deliver` is to be called at the end of the read.
  func take(_ bytes: Span<UInt8>) -> Bool {
    if let tunnel {
      tunnel.receive(bytes)
      return false
    }
    if isOver || isContentDropped {
      session.consume(bytes.count, of: id)
      return false
    }
    if asksForTunnel {
      // The client has not heard that there is a tunnel.
      body.append(copying: bytes)
      return false
    }
    received += bytes.count
    if let limit, received > limit {
      session.consume(bytes.count, of: id)
      failContent(tooLarge(limit))
      return false
    }
    if upload?.isPaused == true {
      unconsumed += bytes.count
    } else {
      session.consume(bytes.count, of: id)
    }
    let isFirst = body.isEmpty
    body.append(copying: bytes)
    return isFirst && upload != nil
  }

  /// Delivers the content of a read as one piece.
  func deliver() {
    guard let upload, !body.isEmpty else { return }
    var bytes: [UInt8] = []
    swap(&body, &bytes)
    upload.put(bytes)
  }

  func take(trailers section: FieldSection) { trailers = HTTPFields(trailerLines: section.bytes) }

  /// The request is complete.
  func inputEnded() {
    hasInputEnded = true
    if let tunnel { return tunnel.inputEnded() }
    if isOver || isContentDropped || asksForTunnel { return }
    if upload != nil {
      deliver()
      guard let upload = upload.take() else { return }
      if server.times.handler != .max { upload.exchange.handlerStart = reactor.turnTime }
      upload.finish()
      connection.arm(at: deadline)
    } else if exchange == nil, let head {
      handle(HTTPServer.Request(head, body: body, trailers: trailers, connection: connection.facts))
    }
  }

  private func handle(_ request: HTTPServer.Request) {
    body = []
    let exchange = begin(request)
    switch server.handler {
    case .plain(let handler):
      let response: HTTPServer.Response
      do { response = try handler(request) } catch { response = server.failureResponse(error, to: request) }
      answer(exchange, with: response)
    case .deferred(let handler): exchange.wait(for: self) { try handler(request) }
    case .streaming(let handler):
      exchange.wait(for: self) {
        try handler(HTTPServer.StreamedRequest(request, body: RequestUpload.none(on: reactor)))
      }
    }
    connection.arm(at: deadline)
  }

  // MARK: - Refusing

  /// Answers a request for which no handler is called.
  func refuse(_ error: HTTPServer.StatusError) {
    decline(head.map { HTTPServer.Request($0, connection: connection.facts) }, with: error.response)
  }

  private func decline(_ request: HTTPServer.Request?, with response: HTTPServer.Response) {
    isContentDropped = true
    body = []
    answer(begin(request), with: response)
  }

  /// The content cannot be taken: a handler that has not answered learns why, and its client too.
  private func failContent(_ error: HTTPServer.StatusError) {
    guard let exchange else { return refuse(error) }
    isContentDropped = true
    deliver()
    let isAnswered: Bool
    if case .waiting = exchange.state { isAnswered = false } else { isAnswered = true }
    // Before the handler's Deferred is cancelled, whose own response comes too late.
    if !isAnswered { exchange.state = .ready(error.response) }
    upload.take()?.finish(throwing: error)
    if isAnswered { return }
    exchange.responder = nil
    exchange.source.take()?.cancel()
    respond()
  }

  // MARK: - Answering

  func answer(_ exchange: Exchange, with response: HTTPServer.Response) {
    if isOver { return }
    exchange.state = .ready(response)
    respond()
  }

  func answerLater() { connection.wire.flushSoon() }

  private func respond() {
    guard let exchange, case .ready(let response) = exchange.state else { return }
    // A response that comes later than the read of its request.
    server.commonFields.refresh(at: reactor.wallSeconds)
    switch response.content {
    case .stream(let length, let write): start(write, length, response, exchange)
    case .upgrade(let makeProtocol): startTunnel(makeProtocol, response, exchange)
    case .empty, .text, .bytes: sendWhole(response, exchange)
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
      case .empty, .stream, .upgrade: break
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
    head.reserveCapacity(256)
    try server.commonFields.appendHead(
      of: response, by: plan, ResponseSerializer(answering: answered, as: plan), to: &head)
    try session.respond(head, on: id, hasContent: plan.sendsContent && (length != 0 || kind != .whole))
    written = (response.status.code, 0)
    if response.fields?[.connection].map(ConnectionField.init)?.hasClose == true { connection.drain() }
    return plan
  }

  private func start(
    _ write: (HTTPServer.BodyWriter) throws -> Void, _ length: Int?, _ response: HTTPServer.Response,
    _ exchange: Exchange
  ) {
    let plan: ResponsePlan
    do { plan = try sendHead(response, .streamed, length, exchange) } catch {
      return sendWhole(server.replacement(for: error, to: exchange.request), exchange)
    }
    guard plan.sendsContent else { return dropContent() }
    let body = StreamedBody(exchange, plan.framing, response.status.code, to: self)
    exchange.state = .streaming(body)
    do { try write(HTTPServer.BodyWriter(body)) } catch { body.breakOff("the body's writer failed: \(error)") }
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
    transport.receive(body.span)
    body = []
    if hasInputEnded { transport.inputEnded() }
  }

  /// The request is answered before its content is complete.
  private func dropContent() {
    if hasInputEnded { return }
    isContentDropped = true
    body = []
    giveRoom()
    upload.take()?.finish(throwing: CancelledError())
  }

  /// Gives the client back the room of content that the handler had not taken.
  func giveRoom() {
    if unconsumed > 0 { session.consume(unconsumed.take(), of: id) }
    connection.wire.flushSoon()
  }

  private func write(_ bytes: [UInt8]) {
    // The client's time for pending bytes begins when there are some.
    if writeCheck == .max || session.pendingBytes(of: id) == 0 { beginCheck(reactor.turnTime) }
    written?.bytes += bytes.count
    if !session.write(bytes, on: id) { isWritingPaused = true }
    connection.arm(at: writeCheck)
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
    if !hasInputEnded { session.reset(id, .noError) }
  }

  private func finish(_ exchange: Exchange, isComplete: Bool) {
    isOver = true
    exchange.state = .done
    upload.take()?.finish(throwing: CancelledError())
    let pending = session.pendingBytes(of: id)
    let (status, bytes) = written ?? (499, 0)
    connection.finished(exchange, status, bytes - pending, isComplete: isComplete)
  }

  private func reset(_ code: HTTP2ErrorCode) {
    session.reset(id, code)
    connection.wire.flushSoon()
  }

  // MARK: - The end

  /// The stream was closed before its response was complete, or the connection has ended.
  /// - Parameter end: how the connection ended, if it did.
  func clientGone(_ end: ConnectionEnd? = nil) {
    if let tunnel = tunnel.take() { return tunnel.lost(end ?? ConnectionEnd(.closed)) }
    if isOver { return }
    isOver = true
    upload.take()?.finish(throwing: HTTPServer.ClientDisconnectedError())
    guard let exchange else { return }
    let state = exchange.state
    finish(exchange, isComplete: false)
    exchange.responder = nil
    if case .streaming(let body) = state { body.clientGone() }
    exchange.source.take()?.cancel()
  }

  /// The loop has ended: releases what it owns without calls of the program's code.
  func reactorReleased() {
    isOver = true
    tunnel.take()?.release()
    upload.take()?.finish(throwing: HTTPServer.ClientDisconnectedError())
    guard let exchange else { return }
    if case .streaming(let body) = exchange.state { body.connectionReleased() }
    exchange.state = .done
    exchange.responder = nil
    exchange.source = nil
  }
}

// MARK: - Time

extension HTTP2ServerStream {
  /// When the next of its time limits ends.
  var deadline: Int64 { isOver ? .max : min(contentDeadline, handlerDeadline, writeCheck) }

  private var contentDeadline: Int64 {
    if asksForTunnel || hasInputEnded || isContentDropped || upload?.isPaused == true { return .max }
    return contentStart + server.times.body + Int64(received) * server.times.nanosecondsPerBodyByte
  }

  private var handlerDeadline: Int64 {
    guard server.times.handler != .max, let exchange, case .waiting = exchange.state else { return .max }
    // While content comes, that has the limit.
    if let upload, !upload.isPaused, !isContentDropped { return .max }
    let (deadline, overflow) = exchange.handlerStart.addingReportingOverflow(server.times.handler)
    return overflow ? .max : deadline
  }

  func check(_ now: Int64) {
    if isOver { return }
    if contentDeadline <= now {
      return failContent(HTTPServer.StatusError(.requestTimeout, "the request body did not come in time"))
    }
    if handlerDeadline <= now { return refuseHandler() }
    if writeCheck <= now { checkWriting(now) }
  }

  private func refuseHandler() {
    guard let exchange else { return }
    server.log(
      "the handler has not answered within \(server.configuration.handlerTimeout ?? .zero)", of: exchange.request)
    exchange.state = .ready(
      HTTPServer.StatusError(.serviceUnavailable, "there is no answer yet: try again later").response)
    exchange.responder = nil
    exchange.source.take()?.cancel()
    respond()
  }

  private func beginCheck(_ now: Int64) {
    sentAtCheck = sentBytes
    connectionSentAtCheck = connection.wire.sentBytes
    writeCheck = now + server.times.write
  }

  private var sentBytes: Int { (written?.bytes ?? 0) - session.pendingBytes(of: id) }

  /// Resets the stream if its client opens no window for what is to be sent.
  private func checkWriting(_ now: Int64) {
    if session.pendingBytes(of: id) == 0 {
      writeCheck = .max
    } else if isStuck {
      reset(.cancel)
    } else {
      beginCheck(now)
    }
  }

  /// Whether the client takes less than it has to. A stream whose window is open may have to wait for others.
  private var isStuck: Bool {
    let least = server.times.leastWritten
    if sentBytes - sentAtCheck >= least { return false }
    return session.window(of: id) <= 0 || connection.wire.sentBytes - connectionSentAtCheck < least
  }
}

// MARK: - Streamed responses

extension HTTP2ServerStream: BodyDestination {
  var canTakeMore: Bool { !isWritingPaused }

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

// MARK: - Streamed requests

extension HTTP2ServerStream: UploadSource {
  // The time of the handler begins.
  func pauseContent() { connection.arm(at: deadline) }

  func resumeContent(after pause: Int64) {
    contentStart += pause
    giveRoom()
    connection.arm(at: deadline)
  }

  func abandonContent(after pause: Int64) {
    contentStart += pause
    isContentDropped = true
    giveRoom()
    connection.arm(at: deadline)
  }
}

extension Int {
  /// Returns the number, and sets it to zero.
  fileprivate mutating func take() -> Int {
    defer { self = 0 }
    return self
  }
}
#endif
