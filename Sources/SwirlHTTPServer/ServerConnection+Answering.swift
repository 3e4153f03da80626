import HTTPTypes
import Logging
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

extension ServerConnection {
  /// Sends the answers that are there, up to the first that is not.
  func sendReady() {
    while output == .open, let first = exchanges.first {
      switch first.state {
      case .waiting, .streaming: return
      case .done: removeFirst(first)
      case .ready(let response):
        if let upload, upload.exchange === first, response.body.isWhole || upload.isAbandoned {
          cutOff(upload, CancelledError())
        }
        switch response.body {
        case .stream(let length, let write): start(write, length, response, for: first)
        case .upgrade(let makeProtocol): handOver(makeProtocol, response, for: first)
        default:
          first.state = .done
          sendWhole(response, to: first.request, start: first.start)
        }
      }
      if buffer.count >= Self.bufferLimit { flush() }
    }
  }

  private func removeFirst(_ first: Exchange) {
    if let upload, upload.exchange === first { cutOff(upload, CancelledError()) }
    exchanges.removeFirst()
    waitingBytes -= first.size
    if exchanges.isEmpty { awaitsUpgrade = false }
    hasProgressed = true
  }

  // MARK: - Whole responses

  /// Sends a response that needs no writer.
  func sendWhole(_ response: HTTPServer.Response, to request: HTTPServer.Request?, start: Int64) {
    var response = response
    var sent = 0
    do {
      sent = try append(response, to: request)
    } catch {
      response = replacement(for: response, error, to: request)
      // This one can be: it is our own.
      sent = (try? append(response, to: request)) ?? 0
    }
    if server.onFinish != nil { finished(request, response.status.code, sent, start, isComplete: true) }
  }

  /// Puts head and content together; a large content goes to the transport as it is. Returns the length of the content.
  private func append(_ response: HTTPServer.Response, to request: HTTPServer.Request?) throws -> Int {
    guard response.status.code >= 200 else { throw UnsendableResponse.informational }
    let isUnframed = response.status.isUnframed
    let isBodiless = isUnframed || response.status.isReset
    if isBodiless, request?.method == .connect, response.status.code < 300 { throw UnsendableResponse.noTunnel }
    let length = isBodiless ? 0 : response.body.count
    try appendHead(response, isUnframed ? .none : .contentLength(length), to: request)
    if isBodiless || request?.method == .head { return 0 }
    switch response.body {
    case .text(var text): text.withUTF8 { append(content: $0) }
    case .bytes(let bytes):
      if bytes.count > Self.copyLimit {
        flush()
        handedToTransport += bytes.count
        transport.write(bytes)
      } else {
        bytes.withUnsafeBufferPointer { append(content: $0) }
      }
    default: break
    }
    return length
  }

  /// What is sent in the place of a response that cannot be.
  private func replacement(
    for response: HTTPServer.Response, _ error: any Error, to request: HTTPServer.Request?
  ) -> HTTPServer.Response {
    // To CONNECT success says that there is a tunnel (RFC 9110 §9.3.6). A handler that knows of none has not failed.
    if request?.method == .connect, response.status.code < 300, !response.body.isUpgrade { return .noTunnel }
    log("the response can't be sent: \(error)", of: request)
    return .internalServerError
  }

  /// Up to this many bytes copying a content behind its head costs less than a write of its own.
  private static let copyLimit = 32 * 1024

  private func append(content: UnsafeBufferPointer<UInt8>) { buffer.append(contentsOf: content) }

  func appendHead(
    _ response: HTTPServer.Response, _ framing: BodyFraming, to request: HTTPServer.Request?
  ) throws(HTTPWireError) {
    if buffer.capacity == 0 { swap(&buffer, &server.spareOutput) }
    var serializer = request.map { ResponseSerializer(answering: $0.head) } ?? ResponseSerializer(isPersistent: false)
    // Where others wait behind it, or more is to come, the connection stays; the last one closes it.
    if input != .requests || isDraining, exchanges.count <= 1 { serializer.isPersistent = false }
    guard var fields = response.fields else {
      try serializer.appendHead(
        response.status.code, reason: response.status.reason,
        encoded: server.commonFields.encoded[response.content.rawValue], framing: framing,
        to: &buffer)
      if !serializer.isPersistent { stopReading() }
      return
    }
    var framing = framing
    if response.status.code >= 200 {
      if let options = fields[.connection] {
        let kept = ConnectionField(options)
        if kept.hasClose { serializer.isPersistent = false }
        fields[.connection] = kept.others
      }
      // What a HEAD or a 304 says of the content it leaves away.
      if let length = fields[.contentLength].flatMap({ Int($0) }),
        request?.method == .head || response.status == .notModified
      {
        framing = .contentLength(length)
      }
    }
    var encoded: EncodedFields?
    if fields.contains(.date) || fields.contains(.server) || fields.contains(.contentType) {
      server.commonFields.complete(&fields, response.content)
    } else {
      encoded = server.commonFields.encoded[response.content.rawValue]
    }
    try serializer.appendHead(
      response.status.code, reason: response.status.reason, fields: fields, encoded: encoded, framing: framing,
      to: &buffer)
    if !serializer.isPersistent || framing == .untilClose { stopReading() }
  }

  /// The answer that is being sent is the last: what was asked after it is not answered (RFC 9112 §9.6).
  private func stopReading() {
    // The body of its own request may still be coming.
    if let upload, exchanges.first === upload.exchange { return upload.isLast = true }
    guard input == .requests || exchanges.count > 1 else { return }
    dropUnparsed()
    input = .discarded
    if exchanges.count > 1 {
      discardedBytes += 1
      let dropped = exchanges[1...]
      exchanges.removeSubrange(1...)
      for exchange in dropped { cancel(exchange) }
    }
  }

  // MARK: - Streams

  private func start(
    _ write: (HTTPServer.BodyWriter) throws -> Void, _ length: Int?, _ response: HTTPServer.Response,
    for exchange: Exchange
  ) {
    let isUnframed = response.status.isUnframed
    let isReset = response.status.isReset
    let isBodiless = isUnframed || isReset || exchange.request?.method == .head
    let version = exchange.request?.version ?? .http11
    let framing: BodyFraming =
      if isUnframed {
        .none
      } else if isReset {
        .contentLength(0)
      } else if let length {
        .contentLength(length)
      } else if isBodiless {
        .none
      } else {
        version < .http11 ? .untilClose : .chunked
      }
    do {
      if exchange.request?.method == .connect, response.status.code < 300 { throw UnsendableResponse.noTunnel }
      try appendHead(response, framing, to: exchange.request)
    } catch {
      exchange.state = .ready(replacement(for: response, error, to: exchange.request))
      return
    }
    if isBodiless {
      exchange.state = .done
      return finished(exchange, response.status.code, 0, isComplete: true)
    }
    let body = StreamedBody(exchange, framing, response.status.code, on: self)
    exchange.state = .streaming(body)
    // The head goes out with what is written at once, but does not wait for what comes later.
    do {
      try write(HTTPServer.BodyWriter(body))
    } catch {
      log("the body's writer failed: \(error)", of: exchange.request)
      body.breakOff()
    }
  }

  /// Sends a bit of a body.
  func send(_ bytes: Span<UInt8>, inChunk: Bool) {
    if buffer.capacity == 0 { swap(&buffer, &server.spareOutput) }
    if inChunk { ChunkSerializer.appendChunk(bytes, to: &buffer) } else { buffer.append(copying: bytes) }
    // The transport has to see how much there is, to say that it is too much.
    if !isBusy || buffer.count >= min(Self.bufferLimit, transport.waterMarks.high) { flush() }
  }

  func sendEnd(_ trailers: HTTPFields?) throws(HTTPWireError) {
    try ChunkSerializer.appendEnd(trailers: trailers, to: &buffer)
  }

  func bodyEnded(_ exchange: Exchange, status: Int, bytes: Int) {
    exchange.state = .done
    finished(exchange, status, bytes, isComplete: true)
    settle()
  }

  // MARK: - Failures

  /// What a client is told of an error in the handler: nothing, but for an error that was made to be told.
  func failureResponse(_ error: any Error, to request: HTTPServer.Request) -> HTTPServer.Response {
    if let error = error as? HTTPServer.StatusError { return error.response }
    // A client that has gone is no failure of the handler.
    if output == .open { log("the handler failed: \(error)", of: request) }
    return .internalServerError
  }

  func log(_ message: String, of request: HTTPServer.Request?) {
    server.logger.error("\(facts.peer?.description ?? "-") \"\(request?.requestLine ?? "-")\": \(message)")
  }

  /// The client has gone, or the connection ends before they are answered.
  func cancelExchanges() {
    let cancelled = exchanges
    exchanges = []
    waitingBytes = 0
    for exchange in cancelled { cancel(exchange) }
  }

  private func cancel(_ exchange: Exchange) {
    if let upload, upload.exchange === exchange {
      self.upload = nil
      head = nil
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
      exchange.connection = nil
      exchange.source.take()?.cancel()
      finished(exchange, 499, 0, isComplete: false)
    }
  }
}

/// A response that no request can have.
private enum UnsendableResponse: Error, CustomStringConvertible {
  case informational
  case noTunnel

  var description: String {
    switch self {
    case .informational: "a 1xx is no answer: the status of a response is 200 or more"
    case .noTunnel: "success in answer to CONNECT says that there is a tunnel"
    }
  }
}

extension HTTPServer.Response {
  static var internalServerError: HTTPServer.Response {
    .text("500 Internal Server Error\n", status: .internalServerError)
  }

  /// What CONNECT is answered with by a handler that makes no tunnels (RFC 9110 §15.5.6).
  fileprivate static var noTunnel: HTTPServer.Response {
    .text("405 Method Not Allowed: this server makes no tunnels\n", status: .methodNotAllowed)
      .with(.allow, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
  }
}

extension HTTPServer.Response.Body {
  /// Whether it can be sent at once, without a writer.
  var isWhole: Bool {
    switch self {
    case .empty, .text, .bytes: true
    case .stream, .upgrade: false
    }
  }

  fileprivate var isUpgrade: Bool { if case .upgrade = self { true } else { false } }

  var count: Int {
    switch self {
    case .text(let text): text.utf8.count
    case .bytes(let bytes): bytes.count
    case .empty, .stream, .upgrade: 0
    }
  }
}

extension HTTPResponse.Status {
  /// Statuses whose responses end with their head (RFC 9112 §6.3). A 205 has no content either, and says so by its length.
  var isUnframed: Bool { code == 204 || code == 304 || code < 200 }

  /// Reset Content (RFC 9110 §15.3.6). By the number, which is a comparison; `.resetContent` would be made for it.
  var isReset: Bool { code == 205 }

  /// The phrase that was given with the status; nil for the usual one.
  var reason: String? { code == 200 || reasonPhrase.isEmpty ? nil : reasonPhrase }
}
