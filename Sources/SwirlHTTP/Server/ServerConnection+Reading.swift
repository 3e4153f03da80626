import HTTPTypes
import SwirlDeferred
import SwirlHTTPWire
import SwirlReactor

extension ServerConnection {
  /// Whether another request may be taken. Without these bounds a client that sends and never reads would have all memory.
  var canParse: Bool {
    input == .requests && output == .open && !isWritingPaused && !awaitsUpgrade
      && exchanges.count < server.configuration.pipelineDepth && waitingBytes < server.configuration.pipelineBytes
  }

  /// Takes requests out of `bytes` and handles them. Returns how many bytes were used.
  func parse(_ bytes: Span<UInt8>) -> Int {
    var offset = 0
    do throws(HTTPWireError) {
      while canParse {
        switch try parser.next(bytes, at: &offset) {
        case .needMore: return offset
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
    } catch {
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
    bodyStart = timers.now()
    // What is promised is not what comes: memory is taken as it comes.
    if let length = head.contentLength { body.reserveCapacity(min(length, 16 * 1024)) }
  }

  private func receiveBody(_ bytes: Span<UInt8>) {
    body.append(copying: bytes)
  }

  private func endBody(_ trailers: HTTPFields?) {
    guard let head = head.take() else { preconditionFailure("content without a head") }
    owesContinue = false
    var received: [UInt8] = []
    swap(&body, &received)
    handle(HTTPServer.Request(head, body: received, trailers: trailers, connection: facts))
  }

  // MARK: - Requests

  private func handle(_ request: HTTPServer.Request) {
    hasProgressed = true
    if !request.head.isPersistent { input = .discarded }
    if request.head.expectsOther {
      return refuse(.text("417 Expectation Failed\n", status: .expectationFailed), to: request)
    }
    let start = server.onFinish == nil ? 0 : timers.now()
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
    guard case .deferred(let handler) = server.handler else { return }
    let exchange = Exchange(request, start: start)
    enqueue(exchange, .waiting)
    do {
      let source = try handler(request)
      exchange.source = source
      source.addBoth { [self] result in
        exchange.source = nil
        guard case .waiting = exchange.state, output != .over else { return }
        exchange.state = .ready(result.get { failureResponse($0, to: request) })
        settle()
      }
    } catch {
      exchange.state = .ready(failureResponse(error, to: request))
    }
  }

  private func enqueue(_ exchange: Exchange, _ state: Exchange.State) {
    exchange.state = state
    exchanges.append(exchange)
    guard let request = exchange.request else { return }
    waitingBytes += request.size
    // After these, what follows may be another protocol.
    awaitsUpgrade = request.head.upgrade != nil || request.head.targetForm == .authority
  }

  // MARK: - Refusing

  /// Answers what is no request that can be handled; no more is read.
  func refuse(_ error: HTTPWireError) {
    // The message says where the client is wrong, and quotes nothing it sent but single bytes.
    refuse(.text("\(error.message)\n", status: HTTPResponse.Status(code: error.status)), to: head)
  }

  func refuse(_ error: HTTPServer.StatusError) {
    refuse(error.response, to: head)
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
    enqueue(Exchange(request, start: server.onFinish == nil ? 0 : timers.now()), .ready(response))
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

extension HTTPServer.Request {
  /// What it takes of memory.
  var size: Int { head.byteCount + body.count }
}
