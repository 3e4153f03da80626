import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlReactor

/// Passes the machine's requests to handlers.
extension ServerConnection: UploadSource {
  // MARK: - Requests

  /// A complete request has arrived.
  func handle(_ number: Int) {
    guard let head = machine.takeHead() else { return }
    var content: [UInt8] = []
    swap(&body, &content)
    var request = HTTPServer.Request(
      head, body: content, trailers: machine.takeTrailers(), connection: facts, number: number)
    let start = startTime
    let handler = server.choosesHandler ? server.handler(for: &request) : server.handler
    if case .plain(let handler) = handler {
      handle(request, number, start, handler)
    } else {
      handleLater(request, handler, number, start)
    }
  }

  /// Answers a request by a handler that does not wait.
  @inline(__always)
  private func handle(
    _ request: consuming HTTPServer.Request, _ number: Int, _ start: Int64,
    _ handler: (HTTPServer.Request) throws -> HTTPServer.Response
  ) {
    let response: HTTPServer.Response
    do {
      response = server.codesContent ? try server.coded(request, on: reactor, handler) : try handler(request)
    } catch { response = server.failureResponse(error, to: request) }
    if response.content.isWhole, machine.takeTurn(number) {
      // Moved, since a copy of a request counts four references.
      sendWhole(response, to: consume request, start: start)
    } else {
      let exchange = Exchange(request, number, start: start)
      exchanges.append(exchange)
      if case .prepared(let content) = response.content { return exchange.prepare(response, for: self, content) }
      answer(exchange, with: response)
    }
  }

  private func handleLater(
    _ request: consuming HTTPServer.Request, _ handler: HTTPServer.Handler, _ number: Int, _ start: Int64
  ) {
    let exchange = Exchange(consume request, number, start: start)
    exchanges.append(exchange)
    exchange.wait(for: self) { try server.call(handler, with: $0, on: reactor) }
  }

  func answer(_ exchange: Exchange, with response: HTTPServer.Response) {
    exchange.state = .ready(response)
    machine.answered(exchange.number, bytes: response.content.count)
  }

  func answerLater() { pump() }

  /// The arrival time of a request, for the access log.
  private var startTime: Int64 { server.reportsRequests ? reactor.now.nanoseconds : 0 }

  // MARK: - Content

  /// The head of a request with content has arrived.
  func decideOnContent() {
    contentStart = reactor.turnTime
    guard let head = machine.head else { return }
    waitsForContinue = head.expectsContinue
    if server.decideOnBody == nil, !server.choosesHandler { return reserveBody(for: head) }
    var request = HTTPServer.Request(head, connection: facts)
    if case .streaming = server.handler(for: &request) { machine.streamsContent = true }
    switch server.decision(on: request) {
    case .accept(let limit?): machine.contentLimit = limit
    case .accept: break
    case .refuse(let response): return decline(request, with: response)
    }
    reserveBody(for: head)
  }

  private func reserveBody(for head: RequestHead) {
    // A peer may announce any length: allocate as the bytes arrive.
    if let length = head.contentLength, length > 0 { body.reserveCapacity(min(length, 16 * 1024)) }
  }

  private func decline(_ request: HTTPServer.Request, with response: HTTPServer.Response) {
    let exchange = Exchange(machine.takeHead().map { _ in request }, machine.declineContent(), start: startTime)
    exchange.state = .ready(response)
    exchanges.append(exchange)
  }

  // MARK: - Streamed content

  func beginUpload(_ number: Int) {
    guard let head = machine.takeHead() else { return }
    var request = HTTPServer.Request(head, connection: facts, number: number)
    let handler = server.handler(for: &request)
    let exchange = Exchange(request, number, start: startTime)
    let decoding = Result { () throws(HTTPServer.StatusError) in try server.uploadDecoding(for: head) }
    let upload = RequestUpload(exchange, from: self, (try? decoding.get()) ?? nil)
    self.upload = upload
    machine.withholdContinue()
    exchanges.append(exchange)
    exchange.wait(for: self) { request in
      _ = try decoding.get()
      let streamed = upload.makeRequest(request)
      guard case .streaming(let handler) = handler else { throw HTTPServer.StatusError(.serviceUnavailable) }
      return try handler(streamed)
    }
  }

  func contentWanted() {
    machine.contentWanted()
    pump()
  }

  func pauseContent() { machine.pauseContent() }

  func resumeContent(after pause: Int64) {
    machine.resumeContent()
    contentStart += pause
    pump()
  }

  func abandonContent(after pause: Int64) {
    machine.abandonContent()
    contentStart += pause
    pump()
  }

  /// Delivers the content of the current read as one piece, for any number of chunks.
  func deliverContent() {
    guard let upload, !body.isEmpty else { return }
    var bytes: [UInt8] = []
    swap(&body, &bytes)
    upload.put(bytes)
  }

  func endUpload() {
    deliverContent()
    let trailers = machine.takeTrailers()
    guard let upload = upload.take() else { return }
    if let trailers { upload.trailers.set(trailers) }
    if server.times.handler != .max { upload.exchange.handlerStart = reactor.turnTime }
    upload.finish()
  }

  /// The request is answered before its content is complete.
  func dropUpload() {
    body = []
    upload.take()?.finish(throwing: CancelledError())
  }

  func failUpload(_ reason: ServerRefusal, isAnswered: Bool) {
    deliverContent()
    guard let upload = upload.take() else { return }
    let exchange = upload.exchange
    let error = statusError(reason, exchange.request)
    // Set this before cancelling the handler's Deferred, whose own response comes too late.
    if isAnswered { exchange.state = .ready(server.response(to: error, exchange.request)) }
    upload.finish(throwing: error)
    exchange.source.take()?.cancel()
  }

  // MARK: - Refusing

  /// Answers a request for which no handler is called.
  func refuse(_ reason: ServerRefusal) {
    body = []
    let request = machine.takeHead().map { HTTPServer.Request($0, connection: facts) }
    let exchange = Exchange(request, machine.lastNumber, start: startTime)
    exchange.state = .ready(server.response(to: statusError(reason, request), request))
    exchanges.append(exchange)
  }

  /// The handler of the first request took too long.
  func refuseHandler() {
    guard let first = exchanges.first else { return }
    first.state = .ready(server.response(to: statusError(.handlerTimeout, first.request), first.request))
    first.source.take()?.cancel()
  }

  private func statusError(_ reason: ServerRefusal, _ request: HTTPServer.Request?) -> HTTPServer.StatusError {
    switch reason {
    case .malformed:
      // The message describes the client's error, and quotes only single bytes of its input.
      machine.failure.map { HTTPServer.StatusError($0.status, $0.message) }
        ?? HTTPServer.StatusError(.badRequest)
    case .headTimeout: HTTPServer.StatusError(.requestTimeout, "the request head did not come in time")
    case .contentTimeout: .lateContent
    case .handlerTimeout: server.lateHandler(request, from: facts.peer)
    case .expectation: HTTPServer.StatusError(.expectationFailed)
    case .plainOnTLS:
      HTTPServer.StatusError(
        .badRequest, "This port speaks HTTPS, and the request was plain HTTP: use https://")
    case .tooManyConnections: HTTPServer.StatusError(.serviceUnavailable)
    case .overloaded: .overloaded
    }
  }
}
