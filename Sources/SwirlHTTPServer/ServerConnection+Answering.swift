import HTTPTypes
import Logging
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// Encodes responses as the machine plans them.
extension ServerConnection {
  /// Sends the first response, which is ready.
  func respond() {
    guard let first = exchanges.first, case .ready(let response) = first.state else { return }
    switch response.content {
    case .stream(let length, let write): start(write, length, response, for: first)
    case .upgrade(let makeProtocol): upgrade(makeProtocol, response, for: first)
    case .webSocket(let answer):
      first.state = .ready(answer.response(to: first.request, response.fields))
      respond()
    default: sendFirst(response)
    }
  }

  private func sendFirst(_ response: HTTPServer.Response) {
    let first = exchanges.removeFirst()
    first.state = .done
    sendWhole(response, to: first.request, start: first.start)
  }

  // MARK: - Whole responses

  /// Sends a response without a writer, and ends its turn.
  func sendWhole(_ response: HTTPServer.Response, to request: HTTPServer.Request?, start: Int64) {
    do {
      endTurn(of: request, response.status.code, try append(response, to: request), start)
    } catch {
      let replacement = server.replacement(for: error, to: request)
      // This one can be sent: it is our own.
      endTurn(of: request, replacement.status.code, (try? append(replacement, to: request)) ?? 0, start)
    }
  }

  private func endTurn(of request: HTTPServer.Request?, _ status: Int, _ sent: Int, _ start: Int64) {
    machine.answerEnded()
    if server.reportsRequests { finished(request, status, sent, start, isComplete: true) }
    if buffer.count >= Self.bufferLimit { flush() }
  }

  /// Appends head and content to the buffer; passes a large content to the transport without a copy. Returns the length
  /// of the content.
  private func append(_ response: HTTPServer.Response, to request: HTTPServer.Request?) throws -> Int {
    let plan = try appendHead(response, .whole, response.content.count, to: request)
    guard plan.sendsContent else { return 0 }
    switch response.content {
    case .text(var text):
      text.withUTF8 { buffer.append(contentsOf: $0) }
      return text.utf8.count
    case .bytes(let bytes):
      if bytes.count > Self.copyLimit {
        flush()
        handedToTransport += bytes.count
        transport.write(bytes)
      } else {
        buffer.append(contentsOf: bytes)
      }
      return bytes.count
    case .empty, .stream, .upgrade, .webSocket, .prepared: return 0
    }
  }

  /// Up to this size copying a content behind its head is cheaper than a separate write.
  private static let copyLimit = 32 * 1024

  /// Sends a replacement for a response that cannot be sent.
  func replaceFirst(_ error: any Error, _ reason: String = "the response can't be sent") {
    sendFirst(server.replacement(for: error, to: exchanges.first?.request, reason))
  }

  // MARK: - Heads

  /// Appends the head as the machine plans it. If it throws, it has appended nothing and not ended the turn.
  @discardableResult
  func appendHead(
    _ response: HTTPServer.Response, _ kind: ResponseFacts.Kind, _ length: Int?, to request: HTTPServer.Request?
  ) throws -> ResponsePlan {
    if buffer.capacity == 0 { swap(&buffer, &server.spareOutput) }
    var facts = ResponseFacts(status: response.status.code, kind: kind, length: length)
    let answered = request?.head.answered ?? .unreadable
    if let fields = response.fields {
      facts.closes = response.status.code >= 200 && response.closes
      facts.statedLength = fields[.contentLength].flatMap { Int($0) }
    }
    let plan = try machine.plan(facts, to: answered)
    try server.commonFields.appendHead(
      of: response, by: plan, ResponseSerializer(answering: answered, as: plan), to: &buffer)
    machine.headSent(plan)
    return plan
  }

  // MARK: - Streams

  private func start(
    _ write: (HTTPServer.BodyWriter) throws -> Void, _ length: Int?, _ response: HTTPServer.Response,
    for exchange: Exchange
  ) {
    let plan: ResponsePlan
    if response.status.code < 300, machine.takeContinue() { append("HTTP/1.1 100 Continue\r\n\r\n") }
    do { plan = try appendHead(response, .streamed, length, to: exchange.request) } catch {
      return replaceFirst(error)
    }
    guard plan.sendsContent else { return bodyEnded(exchange, status: response.status.code, bytes: 0) }
    // Send the head together with what `write` writes at once, but do not wait for later writes.
    exchange.stream(write, as: plan.framing, status: response.status.code, to: self)
  }

  /// Sends a piece of a body.
  func send(_ bytes: Span<UInt8>, inChunk: Bool) {
    if buffer.capacity == 0 { swap(&buffer, &server.spareOutput) }
    if inChunk { ChunkSerializer.appendChunk(bytes, to: &buffer) } else { buffer.append(copying: bytes) }
    machine.contentSent()
    // Flush at the high-water mark, so that the transport can apply back-pressure.
    if !isPumping || buffer.count >= min(Self.bufferLimit, transport.waterMarks.high) { flush() }
  }

  var sendsFiles: Bool { (transport as? any FileTransport)?.sendsFiles == true }

  func send(_ region: FileRegion) {
    guard let transport = transport as? any FileTransport else { return }
    flush()
    handedToTransport += region.count
    transport.write(region)
    machine.contentSent()
  }

  func sendEnd(_ trailers: HTTPFields?) throws(HTTPWireError) {
    try ChunkSerializer.appendEnd(trailers: trailers, to: &buffer)
  }

  /// The first response, a streamed one, is complete.
  func bodyEnded(_ exchange: Exchange, status: Int, bytes: Int) {
    exchanges.removeFirst()
    exchange.state = .done
    machine.answerEnded()
    finished(exchange, status, bytes, isComplete: true)
    pump()
  }

  // MARK: - Failures

  func log(_ message: String, of request: HTTPServer.Request?) {
    server.log(message, of: request, from: facts.peer)
  }

  /// Cancels the requests that will not be answered.
  func cancelExchanges(from number: Int) {
    let cancelled = exchanges.filter { $0.number >= number }
    exchanges.removeAll { $0.number >= number }
    for exchange in cancelled { cancel(exchange) }
  }

  private func cancel(_ exchange: Exchange) {
    if let upload, upload.exchange === exchange {
      self.upload = nil
      upload.finish(throwing: HTTPServer.ClientDisconnectedError())
    }
    switch exchange.state {
    case .done: return
    case .streaming(let body):
      exchange.state = .done
      body.clientGone()
      finished(exchange, body.status, body.sent, isComplete: false)
    case .waiting, .ready:
      exchange.state = .done
      exchange.responder = nil
      exchange.source.take()?.cancel()
      finished(exchange, 499, 0, isComplete: false)
    }
  }
}

extension HTTPResponse.Status {
  /// The custom reason phrase of the status; nil for the usual one.
  var reason: String? { code == 200 || reasonPhrase.isEmpty ? nil : reasonPhrase }
}
