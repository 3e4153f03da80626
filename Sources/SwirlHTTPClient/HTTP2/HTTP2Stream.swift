#if HTTP2
import HTTPTypes
import SwirlContent
import SwirlDeferred
import SwirlHTTP2
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// One request and its response on an HTTP/2 connection (RFC 9113 §8.1).
final class HTTP2Stream: RequestCarrier, BodyOutput {
  let id: Int32
  let exchange: HTTPClient.Exchange
  // It has every stream that is not over, and takes all off it at its end.
  unowned let connection: HTTP2Connection
  /// The stream is the program's, for another protocol.
  @exclusivity(unchecked) var tunnel: HTTP2StreamTransport?
  // Exempt from run-time checks for overlapping access, as in a connection of HTTP/1: no re-entrant call is possible
  // while one of these changes.
  @exclusivity(unchecked) private var content = ResponseContent()
  /// Until the response takes it.
  @exclusivity(unchecked) private var head: ResponseHead?
  @exclusivity(unchecked) private var hasHead = false
  @exclusivity(unchecked) private var trailers: HTTPFields?
  @exclusivity(unchecked) private var isDiscarded = false
  @exclusivity(unchecked) private var received = 0
  /// What was received, and whose room the server has not got back because the consumer has enough.
  @exclusivity(unchecked) private var unconsumed = 0
  @exclusivity(unchecked) private var sender: BodySender?
  @exclusivity(unchecked) private var continueTimer: DelayedCall?
  @exclusivity(unchecked) private var isWritingPaused = false
  @exclusivity(unchecked) var isOver = false

  init(_ id: Int32, _ exchange: HTTPClient.Exchange, on connection: HTTP2Connection) {
    self.id = id
    self.exchange = exchange
    self.connection = connection
  }

  private var session: HTTP2Session { connection.session }
  var reactor: Reactor { connection.reactor }

  /// - Parameter now: the time of this turn.
  func start(at now: Int64) {
    exchange.state = .carried(self)
    exchange.noteActivity()
    exchange.times.sent = now
    guard let body = exchange.request.body else { return }
    switch body.content {
    case .bytes(let bytes) where !exchange.request.expectsContinue:
      write(bytes)
      session.end(id)
    case .bytes(let bytes): send(BytesSource(bytes), length: bytes.count)
    case .source(let length, _, let make): send(make(), length: length, trailers: body.trailers)
    }
  }

  // MARK: - Sending content

  private func send(_ source: any BodySource, length: Int?, trailers: (() -> HTTPFields)? = nil) {
    let sender = BodySender(source, length: length, trailers: trailers, isChunked: false, to: self) {
      [unowned self] outcome in
      self.sender = nil
      switch outcome {
      case .sent(let trailers):
        session.end(id, trailers: trailers)
        connection.flushSoon()
      case .failed(let error): exchange.abort(exchange.error(.requestBody, "\(error)"))
      }
    }
    self.sender = sender
    guard exchange.request.expectsContinue else { return sender.start(isPaused: isWritingPaused) }
    continueTimer = reactor.callLater(ClientConnection.continueTimeout) { [unowned self] in beginBody() }
  }

  /// Sends the content that waited for a 100.
  private func beginBody() {
    continueTimer.take()?.cancel()
    sender?.start(isPaused: isWritingPaused)
  }

  private func stopBody() {
    continueTimer.take()?.cancel()
    sender.take()?.cancel()
  }

  func write(_ bytes: [UInt8]) {
    if !session.write(bytes, on: id) {
      isWritingPaused = true
      sender?.pause()
    }
    connection.flushSoon()
  }

  func resumeWriting() {
    if let tunnel { return tunnel.contentSent() }
    isWritingPaused = false
    sender?.resume()
  }

  // MARK: - Time

  /// When it is too late for the next bytes, or for the whole.
  var deadline: Int64 { tunnel == nil ? exchange.nextDeadline : .max }

  func timeOut() {
    if !isOver { exchange.abortTimedOut() }
  }

  // MARK: - Receiving

  private func parsed(_ section: FieldSection, endsStream: Bool, _ limits: HTTPLimits) -> ResponseHead? {
    do throws(HTTPWireError) {
      return try ResponseHead(
        http2: section.lines, answering: exchange.method, endsStream: endsStream, limits: limits)
    } catch {
      fail(exchange.error(.invalidResponse, error.message, wire: error))
      return nil
    }
  }

  func take(informational section: FieldSection) {
    exchange.noteActivity()
    guard !isOver, !hasHead, let head = parsed(section, endsStream: false, connection.limits) else { return }
    if head.statusCode == 100 { beginBody() } else { exchange.show(informational: head) }
  }

  /// - Parameter now: the time of this turn.
  func begin(_ section: FieldSection, endsStream: Bool, at now: Int64, _ limits: HTTPLimits) {
    if isOver { return }
    exchange.times.firstByte = now
    exchange.noteActivity()
    guard let head = parsed(section, endsStream: endsStream, limits) else { return }
    if exchange.upgrade != nil, (200..<300).contains(head.statusCode) { return handOver(head) }
    // The server has decided without the content that waits for its 100.
    if continueTimer != nil { stopBody() }
    hasHead = true
    do throws(ContentError) {
      if let limit = exchange.bodyLimit, case .contentLength(let length) = head.framing, length > limit {
        return failTooLarge(limit)
      }
      switch try exchange.reception(of: head) {
      case .discard:
        isDiscarded = true
        self.head = head
      case .collect(let decoder):
        content.collect(decoder, head.framing)
        self.head = head
      case .stream(let stream, let decoder):
        self.head = head
        content.stream(to: stream, decoder)
        exchange.moveDeadline()
        stream.begin(
          exchange.response(head, isDecoded: decoder != nil, birth: connection.takeBirth()), of: exchange, reactor)
      }
    } catch {
      fail(exchange.error(error))
    }
  }

  func take(_ bytes: Span<UInt8>) {
    if let tunnel { return tunnel.receive(bytes) }
    if isOver { return session.consume(bytes.count, of: id) }
    received += bytes.count
    exchange.noteActivity()
    if isDiscarded {
      session.consume(bytes.count, of: id)
      if received > ClientConnection.discardedLength { leaveDetour(.cancel) }
      return
    }
    if let limit = exchange.bodyLimit, received > limit {
      return failTooLarge(limit)
    }
    if content.stream?.isPaused == true {
      unconsumed += bytes.count
    } else {
      session.consume(bytes.count, of: id)
    }
    guard let decoder = content.decoder else { return content.append(bytes) }
    var offset = 0
    do throws(ContentError) {
      while try !decoder.decode(bytes, at: &offset, into: &content.bytes) {
        handOn()
        if isOver { return }
      }
    } catch {
      fail(exchange.error(error))
    }
  }

  /// Whether a piece waits for the consumer of a streamed response.
  var hasPiece: Bool { content.stream != nil && !content.bytes.isEmpty }

  /// Delivers the content of the current read as one piece.
  func handOn() {
    guard let stream = content.stream, let bytes = content.take() else { return }
    if !stream.isPaused { exchange.moveDeadline() }
    stream.put(bytes)
  }

  func take(trailers section: FieldSection) {
    if !isOver { trailers = section.fields }
  }

  /// The server has sent all of its response.
  ///
  /// - Parameter now: the time of this turn.
  func end(at now: Int64) {
    if let tunnel { return tunnel.inputEnded() }
    if isOver || !hasHead { return }
    if let decoder = content.decoder {
      do throws(ContentError) { try decoder.finish() } catch { return fail(exchange.error(error)) }
    }
    handOn()
    if isOver { return }
    if isDiscarded { return leaveDetour() }
    guard let head = head.take() else { return }
    let isDecoded = content.decoder != nil
    let stream = content.stream
    let body = content.end()
    if let trailers { stream?.put(trailers: trailers) }
    exchange.times.done = now
    let response = exchange.response(head, body, trailers, isDecoded: isDecoded, birth: connection.takeBirth())
    // Content that is still being sent is not wanted any more (RFC 9113 §8.1).
    leave(.noError)
    exchange.finish(.success(response))
  }

  /// The response was a redirect or a challenge, of which the head is enough.
  private func leaveDetour(_ code: HTTP2ErrorCode = .noError) {
    guard let head else { return }
    leave(code)
    exchange.takeDetour(head)
  }

  /// The stream was closed, by its end or by a reset.
  func closed(_ code: HTTP2ErrorCode) {
    if tunnel != nil { return tunnelClosed(code) }
    if isOver { return }
    // The rest of a redirect's page is not needed.
    if isDiscarded, code != .refusedStream { return leaveDetour() }
    switch code {
    case .refusedStream where mayRepeatRefused:
      // The server has done nothing of it (RFC 9113 §8.7).
      leave(nil)
      if !exchange.isFinished { connection.sendRefusedAgain(exchange) }
    case .http11Required where exchange.request.hasReplayableBody && exchange.refusals == 0:
      exchange.refusals += 1
      leave(nil)
      if !exchange.isFinished { connection.sendAgainByHTTP1(exchange) }
    case .refusedStream:
      let often = exchange.refusals > 0 ? " \(exchange.refusals + 1) times" : ""
      fail(
        .closedEarly,
        "the server refused the request\(often) before it looked at it (REFUSED_STREAM, RFC 9113 §8.7): "
          + "it is overloaded or ends; try again later")
    case .http11Required:
      fail(
        .closedEarly,
        "the server takes this request by HTTP/1.1 only (HTTP_1_1_REQUIRED, RFC 9113 §7): set its `http2` to `.off`")
    case .noError:
      fail(
        .closedEarly, "the server closed the stream before its response was complete" + exchange.adviceAfterSending)
    default: fail(.closedEarly, "the server reset the stream with \(code) (RFC 9113 §7)" + exchange.adviceAfterSending)
    }
  }

  private var mayRepeatRefused: Bool {
    !hasHead && exchange.request.hasReplayableBody && connection.repeatsRequests
      && exchange.refusals < RefusedRequest.limit
  }

  func connectionLost(_ ending: HTTP2Ending) {
    if let tunnel { return tunnel.lost(.failed(ending.reason, tunnel)) }
    if isOver { return }
    if isDiscarded { return leaveDetour() }
    let mayRepeat =
      // What was not written the server cannot have processed.
      !connection.hasWritten(self)
      ? exchange.refusals < RefusedRequest.limit : !exchange.isRetry && exchange.request.isRepeatable
    let isRepeated = !hasHead && mayRepeat && exchange.request.hasReplayableBody && connection.repeatsRequests
    if isRepeated {
      if !connection.hasWritten(self) { exchange.refusals += 1 }
      leave(nil)
      if !exchange.isFinished { connection.sendAgain(exchange) }
      return
    }
    handOn()
    if isOver { return }
    leave(nil)
    exchange.finish(
      .failure(exchange.error(ending.code, ending.reason + exchange.adviceAfterSending, network: ending.network)))
  }

  // MARK: - The end

  func failFieldsTooLong() {
    fail(
      .invalidResponse,
      "the fields of the response are longer than \(connection.limits.headBytes) bytes (RFC 9113 §6.5.2)")
  }

  private func failTooLarge(_ limit: Int) {
    fail(.bodyTooLarge, "the content is larger than \(limit) bytes (RFC 9110 §15.5.14)")
  }

  /// The server broke a rule on this stream, which the session has reset.
  func fail(_ error: HTTP2Error) {
    if let tunnel { return tunnel.lost(.failed(error.reason, tunnel)) }
    if isDiscarded, !isOver { return leaveDetour() }
    fail(.invalidResponse, "the server broke HTTP/2: \(error)")
  }

  private func fail(_ code: HTTPError.Code, _ reason: String) { fail(exchange.error(code, reason)) }

  private func fail(_ error: HTTPError) {
    if isOver { return }
    handOn()
    if isOver { return }
    leave(.cancel)
    exchange.finish(.failure(error))
  }

  /// Takes the request off the stream.
  /// - Parameter code: with which the stream is reset if it is open; nil if it is closed.
  private func leave(_ code: HTTP2ErrorCode?) {
    isOver = true
    let isSending = sender != nil || session.isSending(id)
    stopBody()
    _ = content.end()
    if let code, code != .noError || isSending { session.reset(id, code) }
    connection.remove(self)
  }

  func abandon() {
    isOver = true
    if let tunnel { return tunnel.release() }
    // First, because the program's source may cancel the request when it is cancelled itself.
    exchange.abandon()
    stopBody()
  }

  // MARK: - What the exchange says

  func drop() {
    if isOver { return }
    leave(.cancel)
  }

  func pauseBody() { exchange.pause() }

  func resumeBody() {
    exchange.moveDeadline()
    if !isOver { connection.watch(deadline) }
    if unconsumed > 0, !isOver {
      session.consume(unconsumed, of: id)
      unconsumed = 0
      connection.flushSoon()
    }
  }
}

extension FieldSection {
  /// The fields of trailers.
  fileprivate var fields: HTTPFields { HTTPFields(trailerLines: bytes) }
}
#endif
