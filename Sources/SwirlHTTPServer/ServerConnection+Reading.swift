import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlReactor

extension ServerConnection {
  /// Whether another request may be taken. Without these bounds a client that sends and never reads would have all memory.
  var canParse: Bool {
    guard input == .requests, output == .open else { return false }
    // A body that is taken while it comes has a bound of its own.
    if let upload { return !upload.isPaused }
    return !isWritingPaused && !awaitsUpgrade && exchanges.count < server.configuration.pipelineDepth
      && waitingBytes < server.configuration.pipelineBytes
  }

  /// Takes requests out of `bytes` and handles them. Returns how many bytes were used.
  func parse(_ bytes: Span<UInt8>) -> Int {
    var offset = 0
    do throws(HTTPWireError) {
      while canParse {
        switch try parser.next(bytes, at: &offset) {
        case .needMore:
          if upload != nil { handOn() }
          return offset
        case .head(let head):
          if head.framing == .none {
            guard case .end = try parser.next(bytes, at: &offset) else {
              preconditionFailure("content without framing")
            }
            handle(HTTPServer.Request(head, connection: facts))
          } else {
            beginBody(of: head)
          }
        case .data(let range): receiveBody(bytes.extracting(range))
        case .end(let trailers): endBody(trailers)
        }
        if buffer.count >= Self.bufferLimit { flush() }
      }
      if upload != nil { handOn() }
    } catch {
      if upload != nil { handOn() }
      refuse(error)
    }
    return offset
  }

  // MARK: - Bodies

  private func beginBody(of head: RequestHead) {
    parser.limits.bodyBytes = server.configuration.limits.bodyBytes
    if let decide = server.decideOnBody {
      do {
        switch try decide(HTTPServer.Request(head, connection: facts)).choice {
        case .accept(let limit?): parser.limits.bodyBytes = limit
        case .accept: break
        case .refuse(let response): return refuse(response, to: head)
        }
      } catch {
        return refuse(failureResponse(error, to: HTTPServer.Request(head, connection: facts)), to: head)
      }
    }
    self.head = head
    owesContinue = head.expectsContinue
    bodyStart = reactor.turnTime
    if case .streaming(let handler) = server.handler { return beginUpload(of: head, handler) }
    // What is promised is not what comes: memory is taken as it comes.
    if let length = head.contentLength { body.reserveCapacity(min(length, 16 * 1024)) }
  }

  private func receiveBody(_ bytes: Span<UInt8>) {
    body.append(copying: bytes)
  }

  private func endBody(_ trailers: HTTPFields?) {
    guard let head = head.take() else { preconditionFailure("content without a head") }
    owesContinue = false
    if upload != nil { return endUpload(isPersistent: head.isPersistent) }
    var received: [UInt8] = []
    swap(&body, &received)
    handle(HTTPServer.Request(head, body: received, trailers: trailers, connection: facts))
  }

  // MARK: - Bodies that are taken while they come

  private func beginUpload(
    of head: RequestHead, _ handler: (HTTPServer.StreamedRequest) throws -> Deferred<HTTPServer.Response>
  ) {
    // Of one that is too long the parser tells next.
    if let length = head.contentLength, let limit = parser.limits.bodyBytes, length > limit { return }
    if head.expectsOther { return refuse(.expectationFailed, to: head) }
    let request = HTTPServer.Request(head, connection: facts)
    let exchange = Exchange(request, start: server.onFinish == nil ? 0 : reactor.now.nanoseconds)
    let upload = RequestUpload(exchange, on: self)
    self.upload = upload
    enqueue(exchange, .waiting)
    wait(for: exchange) { try handler(HTTPServer.StreamedRequest(request, body: upload.makeStream())) }
  }

  /// Hands on what the present read has brought, as one piece, however many chunks it came in.
  private func handOn() {
    guard let upload, !body.isEmpty else { return }
    var bytes: [UInt8] = []
    swap(&body, &bytes)
    upload.put(bytes, droppingAtMost: server.configuration.lingerBytes)
  }

  private func endUpload(isPersistent: Bool) {
    handOn()
    guard let upload = upload.take() else { return }
    hasProgressed = true
    if server.times.handler != .max { upload.exchange.handlerStart = reactor.turnTime }
    if !isPersistent || upload.isLast { input = .discarded }
    upload.finish()
  }

  /// The request is answered, or will not be, before its body is whole: what is still to come is dropped.
  func cutOff(_ upload: RequestUpload, _ error: any Error) {
    self.upload = nil
    input = .discarded
    head = nil
    body = []
    owesContinue = false
    hasProgressed = true
    discardedBytes += 1
    upload.finish(throwing: error)
  }

  // MARK: - Requests

  private func handle(_ request: HTTPServer.Request) {
    hasProgressed = true
    if !request.head.isPersistent { input = .discarded }
    if request.head.expectsOther {
      return refuse(.expectationFailed, to: request)
    }
    let start = server.onFinish == nil ? 0 : reactor.now.nanoseconds
    if case .plain(let handler) = server.handler {
      let response: HTTPServer.Response
      do { response = try handler(request) } catch { response = failureResponse(error, to: request) }
      if exchanges.isEmpty, response.body.isWhole, output == .open {
        return sendWhole(response, to: request, start: start)
      }
      enqueue(Exchange(request, start: start), .ready(response))
    } else {
      handleLater(request, start)
    }
  }

  private func handleLater(_ request: HTTPServer.Request, _ start: Int64) {
    let exchange = Exchange(request, start: start)
    enqueue(exchange, .waiting)
    wait(for: exchange) {
      switch server.handler {
      case .plain(let handler): .succeed(try handler(request))
      case .deferred(let handler): try handler(request)
      case .streaming(let handler):
        try handler(HTTPServer.StreamedRequest(request, body: RequestUpload.none(on: reactor)))
      }
    }
  }

  /// Calls the handler, whose answer may come later.
  private func wait(for exchange: Exchange, _ handler: () throws -> Deferred<HTTPServer.Response>) {
    guard let request = exchange.request else { return }
    if server.times.handler != .max { exchange.handlerStart = reactor.turnTime }
    do {
      let source = try handler()
      exchange.source = source
      exchange.connection = self
      source.addBoth { result in
        exchange.source = nil
        guard let connection = exchange.connection.take(), case .waiting = exchange.state else { return }
        connection.answer(exchange, result, to: request)
      }
    } catch {
      exchange.state = .ready(failureResponse(error, to: request))
    }
  }

  /// The handler's Deferred has fired.
  private func answer(
    _ exchange: Exchange, _ result: Result<HTTPServer.Response, any Error>, to request: HTTPServer.Request
  ) {
    guard output != .over else { return }
    let response = result.get { failureResponse($0, to: request) }
    exchange.state = .ready(response)
    count(response.body.count, of: exchange)
    settle()
  }

  private func enqueue(_ exchange: Exchange, _ state: Exchange.State) {
    exchange.state = state
    exchanges.append(exchange)
    if case .ready(let response) = state { count(response.body.count, of: exchange) }
    guard let request = exchange.request else { return }
    count(request.size, of: exchange)
    // After these, what follows may be another protocol.
    awaitsUpgrade = request.head.upgrade != nil || request.head.targetForm == .authority
  }

  /// Memory that `exchange` takes from now on until it is answered.
  private func count(_ bytes: Int, of exchange: Exchange) {
    exchange.size += bytes
    waitingBytes += bytes
  }

  // MARK: - Refusing

  /// Answers what is no request that can be handled; no more is read.
  func refuse(_ error: HTTPWireError) {
    // The message says where the client is wrong, and quotes nothing it sent but single bytes.
    refuse(HTTPServer.StatusError(HTTPResponse.Status(code: error.status), error.message))
  }

  func refuse(_ error: HTTPServer.StatusError) {
    guard let upload else { return refuse(error.response, to: head) }
    let exchange = upload.exchange
    // Before the handler hears of it, whose own answer comes too late. One that is being sent already is not interrupted.
    if case .waiting = exchange.state { exchange.state = .ready(error.response) }
    cutOff(upload, error)
    exchange.source.take()?.cancel()
  }

  private func refuse(_ response: HTTPServer.Response, to head: RequestHead?) {
    refuse(response, to: head.map { HTTPServer.Request($0, connection: facts) })
    // Its body is still to come, perhaps.
    discardedBytes += 1
  }

  private func refuse(_ response: HTTPServer.Response, to request: HTTPServer.Request?) {
    input = .discarded
    head = nil
    body = []
    owesContinue = false
    hasProgressed = true
    enqueue(Exchange(request, start: server.onFinish == nil ? 0 : reactor.now.nanoseconds), .ready(response))
  }
}

extension Result where Success == HTTPServer.Response, Failure == any Error {
  /// The response, or what `failure` makes of the error.
  fileprivate func get(_ failure: (any Error) -> HTTPServer.Response) -> HTTPServer.Response {
    switch self {
    case .success(let response): response
    case .failure(let error): failure(error)
    }
  }
}

extension HTTPServer.Response {
  fileprivate static var expectationFailed: HTTPServer.Response {
    .text("417 Expectation Failed\n", status: .expectationFailed)
  }
}

extension HTTPServer.Request {
  /// What it takes of memory.
  var size: Int { head.byteCount + body.count }
}
