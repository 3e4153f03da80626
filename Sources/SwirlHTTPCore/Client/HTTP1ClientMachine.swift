package import HTTPTypes

/// The client's side of an HTTP/1.1 connection, without I/O: which response belongs to which request, what becomes of its content, and
/// whether the connection carries another request afterwards (RFC 9112 §9).
///
/// The connection's shell reports what happened: a request was written, bytes came, the peer closed. The machine says what to do, one
/// ``Action`` at a time; the shell calls `next` with the same bytes until it returns `needMore`.
package struct HTTP1ClientMachine: Sendable {
  private enum Phase {
    /// No request is under way; the connection can carry one.
    case idle
    /// A request is under way, and no byte of its response has come.
    case awaited
    /// Some of the head has come, or an informational response.
    case head
    /// The head is complete; the content or its end follows.
    case content
    /// The connection carries nothing more. What comes is ignored.
    case over
  }

  private enum RequestContent {
    /// All of it is written, or there is none.
    case sent
    /// It waits for 100 (Continue), or for the time that the shell gives it (RFC 9110 §10.1.1).
    case awaitsContinue
    case sending
    /// The server answered before it asked for the content. It may still wait for it, and would take the next request for that.
    case withheld
  }

  /// Between the responses, their limits.
  package let limits: HTTPLimits
  /// The head of the present response, once `head` was returned.
  package private(set) var head: ResponseHead?
  /// The fields that came after the content of the present response, once its end was returned.
  package private(set) var trailers: HTTPFields?
  /// The last informational response.
  package private(set) var informational: ResponseHead?
  /// Whether a response came over this connection before the present one.
  package private(set) var isReused = false

  private var parser: ResponseParser
  private var phase = Phase.idle
  private var requestContent = RequestContent.sent
  private var request: RequestTraits = []
  private var reception = Reception.collected

  /// - Parameters:
  ///   - limits: those of each response.
  ///   - isLenient: as for ``ResponseParser``.
  package init(limits: HTTPLimits, isLenient: Bool) {
    self.limits = limits
    parser = ResponseParser(limits: limits, isLenient: isLenient)
  }

  /// How many more requests the connection takes.
  package var capacity: Int {
    if case .idle = phase { 1 } else { 0 }
  }

  /// Whether any byte has come since the request was written.
  package var hasBegun: Bool {
    if case .awaited = phase { false } else { true }
  }

  // MARK: - The request

  /// A request was written: its head, and its content where that is in one piece.
  package mutating func begin(_ method: HTTPRequest.Method, _ traits: RequestTraits) {
    guard case .idle = phase else { fatalError("a request before the last response has ended") }
    phase = .awaited
    request = traits
    requestContent =
      traits.contains(.expectsContinue) ? .awaitsContinue : traits.contains(.isStreamed) ? .sending : .sent
    parser.expect(method)
  }

  /// The server did not ask for the content within the time that it was given.
  package mutating func continueTimedOut() -> Action? { beginContent() }

  /// The content was written to its end.
  package mutating func contentSent() {
    if case .sending = requestContent { requestContent = .sent }
  }

  private mutating func beginContent() -> Action? {
    guard case .awaitsContinue = requestContent else { return nil }
    requestContent = .sending
    return .sendContent
  }

  /// The caller gave the request up. Its response may still come, so the connection carries nothing more.
  package mutating func drop() { phase = .over }

  // MARK: - The response

  /// What to do with the content whose head was just returned; it is collected otherwise.
  package mutating func receive(_ reception: Reception) {
    guard case .content = phase else { return }
    self.reception = reception
    switch reception {
    case .collected: parser.limits.bodyBytes = limits.bodyBytes
    case .streamed(let limit): parser.limits.bodyBytes = limit
    case .discarded(let limit): parser.limits.bodyBytes = limit
    }
  }

  /// The next action for `input` from `offset` on, which is moved behind what was used.
  /// - Parameter mayRepeat: whether a request may be sent once more at all.
  /// - Throws: what is wrong with the response. The connection carries nothing more then.
  package mutating func next(
    _ input: Span<UInt8>, at offset: inout Int, mayRepeat: @autoclosure () -> Bool
  ) throws(HTTPWireError) -> Action {
    switch phase {
    case .idle:
      phase = .over
      return .unexpectedInput
    case .over:
      offset = input.count
      return .needMore
    case .awaited: if offset < input.count { phase = .head }
    case .head, .content: break
    }
    do throws(HTTPWireError) {
      while true {
        switch try parser.next(input, at: &offset) {
        case .needMore: return .needMore
        case .data(let range):
          if case .discarded = reception { continue }
          return .data(range)
        case .head(let head): return begin(head, mayRepeat())
        case .end(let trailers):
          self.trailers = trailers
          return end(hasSurplus: offset < input.count)
        case .informational(let head):
          if head.status == 100 {
            if let action = beginContent() { return action }
            continue
          }
          informational = head
          return .informational
        case .upgraded:
          throw HTTPWireError(.notHTTP, "the server switched to another protocol, which was not asked for")
        }
      }
    } catch {
      return try fail(error)
    }
  }

  private mutating func begin(_ head: ResponseHead, _ mayRepeat: @autoclosure () -> Bool) -> Action {
    // RFC 9110 §15.5.9: on a kept connection the server says that it waited for a request in vain. It cannot mean the present one: its
    // word and the request have passed each other.
    if head.status == 408, isReused, !parser.isPersistent, request.contains(.isReplayable),
      !request.contains(.isRepeat), mayRepeat()
    {
      phase = .over
      return .repeatRequest
    }
    self.head = head
    phase = .content
    guard case .awaitsContinue = requestContent else { return .head(withholdsContent: false) }
    requestContent = .withheld
    return .head(withholdsContent: true)
  }

  private mutating func end(hasSurplus: Bool) -> Action {
    // A server that answers before it has read the request may never read the rest.
    var isKept = parser.isPersistent && !hasSurplus && !request.contains(.isLast)
    if case .sent = requestContent {} else { isKept = false }
    phase = isKept ? .idle : .over
    isReused = true
    guard case .collected = reception else {
      let ended = reception
      reception = .collected
      parser.limits = limits
      if case .discarded = ended { return .discardedEnd(isKept: isKept) }
      return .end(isKept: isKept)
    }
    return .end(isKept: isKept)
  }

  private mutating func fail(_ error: HTTPWireError) throws(HTTPWireError) -> Action {
    if case .discarded = reception { return abandonDiscarded() }
    phase = .over
    throw error
  }

  /// The content that was to be discarded is too long or does not come to its end: the head is all that counts.
  private mutating func abandonDiscarded() -> Action {
    phase = .over
    reception = .collected
    return .discardedEnd(isKept: false)
  }

  /// The head of the present response, which it no longer keeps.
  package mutating func takeHead() -> ResponseHead? {
    defer { head = nil }
    return head
  }

  /// The trailers of the present response, which it no longer keeps.
  package mutating func takeTrailers() -> HTTPFields? {
    guard trailers != nil else { return nil }
    defer { trailers = nil }
    return trailers
  }

  // MARK: - Content that is read straight to its place

  /// How many bytes of content are still to come, if they are collected and the head says how many.
  package var directLength: Int? {
    guard case .content = phase, case .collected = reception else { return nil }
    return parser.remainingLength
  }

  /// `count` bytes were read to their place: at most `directLength`, and what followed them.
  package mutating func receivedDirectly(_ count: Int) throws(HTTPWireError) -> Action {
    guard let rest = directLength else { fatalError("receivedDirectly(_:) outside of content of known length") }
    parser.advance(by: min(count, rest))
    if count < rest { return .needMore }
    let nothing: [UInt8] = []
    var offset = 0
    // The parser reports the end without being given anything more.
    do throws(HTTPWireError) { _ = try parser.next(nothing.span, at: &offset) } catch { return try fail(error) }
    return end(hasSurplus: count > rest)
  }

  // MARK: - The end of the connection

  /// The peer closed its side.
  /// - Parameter mayRepeat: as for `next`.
  /// - Throws: what was missing. The connection carries nothing more then.
  package mutating func endOfInput(mayRepeat: @autoclosure () -> Bool) throws(HTTPWireError) -> Action {
    switch phase {
    case .idle:
      phase = .over
      return .unexpectedInput
    case .over: return .needMore
    case .awaited, .head, .content: break
    }
    do throws(HTTPWireError) {
      if case .end = try parser.endOfInput() { return end(hasSurplus: false) }
      throw HTTPWireError(.incomplete, "the server closed the connection without an answer")
    } catch {
      if let action = cut(mayRepeat()) { return action }
      throw error
    }
  }

  /// The connection has ended.
  /// - Returns: nil where no request is under way.
  package mutating func connectionLost(mayRepeat: @autoclosure () -> Bool) -> Action? {
    switch phase {
    case .idle, .over:
      phase = .over
      return nil
    case .awaited, .head, .content: return cut(mayRepeat()) ?? .lost
    }
  }

  /// A server may have closed a kept connection before the request reached it: then, if nothing has come, the request is sent once more.
  private mutating func cut(_ mayRepeat: @autoclosure () -> Bool) -> Action? {
    if case .discarded = reception { return abandonDiscarded() }
    let isRepeated =
      isReused && !hasBegun && !request.contains(.isRepeat) && mayRepeat()
      && (request.contains(.isRepeatable) || request.contains(.isReplayable) && !request.contains(.isWritten))
    phase = .over
    return isRepeated ? .repeatRequest : nil
  }
}
