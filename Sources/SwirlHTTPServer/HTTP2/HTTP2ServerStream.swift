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
  // The two retain each other: the connection gives up a stream that is closed, and at its own end all.
  let connection: HTTP2ServerConnection
  let server: HTTPServer
  let session: HTTP2Session
  // Exempt from run-time checks for overlapping access: no re-entrant call is possible while one of these changes.
  @exclusivity(unchecked) private(set) var exchange: Exchange?

  // Content
  @exclusivity(unchecked) private(set) var head: RequestHead?
  /// Whether what follows the head is for a tunnel (RFC 9113 §8.5, RFC 8441 §4).
  @exclusivity(unchecked) private(set) var asksForTunnel = false
  /// The protocol of a tunnel writes and reads the content of both directions.
  @exclusivity(unchecked) var tunnel: HTTP2StreamTransport?
  @exclusivity(unchecked) var body: [UInt8] = []
  @exclusivity(unchecked) private var trailers: HTTPFields?
  @exclusivity(unchecked) var upload: RequestUpload?
  /// The client has sent the whole request.
  @exclusivity(unchecked) private(set) var hasInputEnded = false
  /// Content that arrives is not wanted.
  @exclusivity(unchecked) var isContentDropped = false
  /// Whether the client waits for a 100, and the handler has not read the content yet.
  @exclusivity(unchecked) var owesContinue = false
  @exclusivity(unchecked) private var limit: Int?
  @exclusivity(unchecked) private(set) var received = 0
  /// What was received, and whose room the client has not got back because the handler has enough.
  @exclusivity(unchecked) var unconsumed = 0
  /// The start of the content's time limit.
  @exclusivity(unchecked) var contentStart: Int64 = 0
  /// Its end, by what has come.
  @exclusivity(unchecked) var contentLimit: Int64 = 0

  // Output
  @exclusivity(unchecked) var isWritingPaused = false
  /// The status and the length of the content that was passed to the session.
  @exclusivity(unchecked) var written: (status: Int, bytes: Int)?
  @exclusivity(unchecked) var outgoingTrailers: HTTPFields?
  /// Whether the client takes this response, and what else is sent to it.
  @exclusivity(unchecked) var watch = WriteWatch()
  @exclusivity(unchecked) var connectionWatch = WriteWatch()
  @exclusivity(unchecked) private(set) var isOver = false
  /// When a stream is reset whose answer came before the end of its content.
  @exclusivity(unchecked) var resetDeadline = Int64.max
  @exclusivity(unchecked) private var droppedBytes = 0

  init(_ id: Int32, on connection: HTTP2ServerConnection) {
    self.id = id
    self.connection = connection
    server = connection.server
    session = connection.session
  }

  var reactor: Reactor! { connection.reactor }

  // MARK: - The request

  /// - Parameter asksForTunnel: whether the method is CONNECT.
  func begin(_ head: consuming RequestHead, asksForTunnel: Bool) {
    if head.framing == .none, !asksForTunnel, !head.expectsOther {
      // Most requests: the head moves.
      self.head = head
    } else {
      take(head, asksForTunnel: asksForTunnel)
    }
  }

  /// Takes a request with content, for a tunnel, or with an expectation.
  private func take(_ head: RequestHead, asksForTunnel: Bool) {
    self.head = head
    self.asksForTunnel = asksForTunnel
    if asksForTunnel {
      let request = HTTPServer.Request(head, connection: connection.facts, number: Int(id))
      if head.framing != .none, let refusal = server.refusal(of: request) { return refuse(refusal) }
      return handle(request)
    }
    if head.expectsOther { return refuse(HTTPServer.StatusError(.expectationFailed)) }
    beginContentTime()
    limit = server.configuration.limits.bodyBytes
    var request = HTTPServer.Request(head, connection: connection.facts, number: Int(id))
    let handler = server.handler(for: &request)
    switch server.decision(on: request) {
    case .accept(let limit?): self.limit = limit
    case .accept: break
    case .refuse(let response): return decline(request, with: response)
    }
    if let length = head.contentLength, let limit, length > limit { return refuse(tooLarge(limit)) }
    connection.arm(at: deadline)
    if case .streaming(let handler) = handler {
      owesContinue = head.expectsContinue
      beginUpload(request, handler)
      if owesContinue { connection.arm(at: deadline) }
    } else if head.expectsContinue {
      sendContinue()
    }
  }

  private func tooLarge(_ limit: Int) -> HTTPServer.StatusError {
    HTTPServer.StatusError(.contentTooLarge, "the content is larger than \(limit) bytes (RFC 9110 §15.5.14)")
  }

  private func beginUpload(
    _ request: HTTPServer.Request, _ handler: (HTTPServer.StreamedRequest) throws -> Deferred<HTTPServer.Response>
  ) {
    let exchange = begin(request)
    let decoding = Result { () throws(HTTPServer.StatusError) in try server.uploadDecoding(for: request.head) }
    let upload = RequestUpload(exchange, from: self, (try? decoding.get()) ?? nil)
    self.upload = upload
    exchange.wait(for: self) { request in
      _ = try decoding.get()
      return try handler(upload.makeRequest(request))
    }
  }

  func begin(_ request: consuming HTTPServer.Request?) -> Exchange {
    let start = server.reportsRequests ? reactor.now.nanoseconds : 0
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
      droppedBytes += bytes.count
      if droppedBytes <= server.configuration.lingerBytes {
        session.consume(bytes.count, of: id)
      } else if isOver {
        session.reset(id, .noError)
      }
      // Otherwise the client has no window for more until its answer ends the stream.
      return false
    }
    if asksForTunnel {
      // The client has not heard that there is a tunnel.
      body.append(copying: bytes)
      return false
    }
    // A client that sends its content at once does not wait for a 100.
    stopOwingContinue()
    received += bytes.count
    contentLimit = server.times.contentDeadline(from: &contentStart, received: received, at: reactor.turnTime)
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
      if let trailers { upload.trailers.set(trailers) }
      if server.times.handler != .max { upload.exchange.handlerStart = reactor.turnTime }
      upload.finish()
      connection.arm(at: deadline)
    } else if exchange == nil, let head = head.take() {
      handle(HTTPServer.Request(head, body: body, trailers: trailers, connection: connection.facts, number: Int(id)))
    }
  }

  // A copy of a request counts four references: it moves into its exchange, which the handler has it from.
  private func handle(_ request: consuming HTTPServer.Request) {
    body = []
    if server.choosesHandler {
      let handler = server.handler(for: &request)
      handle(begin(consume request), handler)
    } else {
      handle(begin(consume request), server.handler)
    }
    connection.arm(at: deadline)
  }

  private func handle(_ exchange: Exchange, _ handler: HTTPServer.Handler) {
    guard case .plain(let handler) = handler else {
      return exchange.wait(for: self) { try server.call(handler, with: $0, on: reactor) }
    }
    let response: HTTPServer.Response
    do {
      response =
        server.codesContent
        ? try server.coded(exchange.request!, on: reactor, handler) : try handler(exchange.request!)
    } catch { response = server.failureResponse(error, to: exchange.request!) }
    if case .prepared(let content) = response.content { return exchange.prepare(response, for: self, content) }
    answer(exchange, with: response)
  }

  /// Whether an informational response may be sent: the handler has not answered.
  var mayInform: Bool {
    guard !isOver, written == nil, let exchange, case .waiting = exchange.state else { return false }
    return true
  }

  /// Whether content arrives that is kept until it is complete.
  var isTakingContent: Bool {
    exchange == nil && received > 0 && !hasInputEnded && !isContentDropped && !asksForTunnel && !isOver
  }

  /// The bytes of content and output that wait.
  var heldBytes: Int {
    if isOver { return session.pendingBytes(of: id) }
    return (upload?.bufferedBytes ?? (isContentDropped ? 0 : received)) + session.pendingBytes(of: id)
  }

  // MARK: - The end

  func finish(_ exchange: Exchange, isComplete: Bool) {
    isOver = true
    exchange.state = .done
    upload.take()?.finish(throwing: CancelledError())
    let pending = session.pendingBytes(of: id)
    let (status, bytes) = written ?? (499, 0)
    connection.finished(exchange, status, bytes - pending, isComplete: isComplete)
  }

  /// The stream was closed before its response was complete, or the connection has ended.
  /// - Parameter end: how.
  func clientGone(_ end: ConnectionEnd) {
    if let tunnel = tunnel.take() { return tunnel.lost(end) }
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
#endif
