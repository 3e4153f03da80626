package import HTTPTypes

/// The client's side of an HTTP/1.1 connection, without I/O: matches responses to requests, decides how to treat their
/// content, and whether the connection can carry another request (RFC 9112 §9).
///
/// The connection's shell reports events: a request was written, bytes arrived, the peer closed. The machine returns
/// one ``Action`` at a time; the shell calls `next` with the same bytes until it returns `needMore`.
///
/// `@usableFromInline` on the type: without it the compiler drops the `@inlinable` of its members, and a getter that
/// another module calls copies the whole machine first.
@usableFromInline package struct HTTP1ClientMachine: ~Copyable, Sendable {
  @usableFromInline enum Phase: Sendable {
    /// No request is in progress; the connection can carry one.
    case idle
    /// A request is in progress, without a byte of its response.
    case awaited
    /// A part of the head has arrived, or an informational response.
    case head
    /// The head is complete; the content or its end follows.
    case content
    /// The connection is unusable. It ignores further input.
    case over
  }

  private enum RequestContent {
    /// All of it is written, or the request has no content.
    case sent
    /// It waits for 100 (Continue), or for the time that the shell gives it (RFC 9110 §10.1.1).
    case awaitsContinue
    case sending
    /// The server answered before it requested the content. It may still wait for that, and would read the next request
    /// as content.
    case withheld
  }

  /// Between the responses, their limits.
  package let limits: HTTPLimits
  /// The head of the current response, once `head` was returned.
  package private(set) var head: ResponseHead?
  /// The trailer fields of the current response, once its end was returned.
  package private(set) var trailers: HTTPFields?
  /// The last informational response.
  package private(set) var informational: ResponseHead?
  /// Whether this connection has carried an earlier response.
  package private(set) var isReused = false

  private var parser: ResponseParser
  @usableFromInline var phase = Phase.idle
  private var requestContent = RequestContent.sent
  private var request: RequestTraits = []
  private var reception = Reception.collected

  /// - Parameters:
  ///   - limits: the limits of each response.
  ///   - isLenient: as for ``ResponseParser``.
  package init(limits: HTTPLimits, isLenient: Bool) {
    self.limits = limits
    parser = ResponseParser(limits: limits, isLenient: isLenient)
  }

  /// The number of further requests that the connection can carry.
  @inlinable package var capacity: Int {
    if case .idle = phase { 1 } else { 0 }
  }

  /// Whether any byte has arrived since the request was written.
  @inlinable package var hasBegun: Bool {
    if case .awaited = phase { false } else { true }
  }

  /// Whether content is awaited.
  @inlinable package var isInContent: Bool {
    if case .content = phase { true } else { false }
  }

  // MARK: - The request

  /// A request was written: its head, and its content if that is in one piece.
  package mutating func begin(_ method: HTTPRequest.Method, _ traits: RequestTraits, isWritten: Bool = false) {
    guard case .idle = phase else { fatalError("a request before the last response has ended") }
    phase = .awaited
    request = isWritten ? traits.union(.isWritten) : traits
    requestContent =
      traits.contains(.expectsContinue) ? .awaitsContinue : traits.contains(.isStreamed) ? .sending : .sent
    parser.expect(method)
  }

  /// The server did not request the content in time.
  package mutating func continueTimedOut() -> Action? { beginContent() }

  /// The content was written completely.
  package mutating func contentSent() {
    if case .sending = requestContent { requestContent = .sent }
  }

  private mutating func beginContent() -> Action? {
    guard case .awaitsContinue = requestContent else { return nil }
    requestContent = .sending
    return .sendContent
  }

  /// The caller has abandoned the request. Its response may still arrive, so the connection is unusable.
  package mutating func drop() { phase = .over }

  // MARK: - The response

  /// Sets how to treat the content of the head just returned; the default is to collect it.
  package mutating func receive(_ reception: Reception) {
    guard case .content = phase else { return }
    self.reception = reception
    switch reception {
    case .collected: parser.limits.bodyBytes = limits.bodyBytes
    case .streamed(let limit): parser.limits.bodyBytes = limit
    case .discarded(let limit): parser.limits.bodyBytes = limit
    }
  }

  /// The next action for `input` from `offset` on, which advances behind the used bytes.
  /// - Parameter mayRepeat: whether a request may be repeated.
  /// - Throws: the error in the response. The connection is unusable then.
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
          if head.statusCode == 100 {
            if let action = beginContent() { return action }
            continue
          }
          informational = head
          return .informational
        case .upgraded(let head) where request.contains(.isUpgrade):
          self.head = head
          phase = .over
          return .upgraded
        case .upgraded:
          throw HTTPWireError(.notHTTP, "the server switched to another protocol, which was not asked for")
        }
      }
    } catch {
      return try fail(error)
    }
  }

  private mutating func begin(_ head: ResponseHead, _ mayRepeat: @autoclosure () -> Bool) -> Action {
    // RFC 9110 §15.5.9: on a kept connection the server reports that it received no request in time. It crossed the
    // current request in flight.
    if head.statusCode == 408, isReused, !parser.isPersistent, request.contains(.isReplayable),
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

  /// The content to discard is too long or incomplete: the head is sufficient.
  private mutating func abandonDiscarded() -> Action {
    phase = .over
    reception = .collected
    return .discardedEnd(isKept: false)
  }

  /// Removes and returns the head of the current response.
  package mutating func takeHead() -> ResponseHead? {
    // Moves it: a copy would retain each of its parts.
    var taken: ResponseHead?
    swap(&taken, &head)
    return taken
  }

  /// Removes and returns the trailers of the current response.
  package mutating func takeTrailers() -> HTTPFields? {
    guard trailers != nil else { return nil }
    defer { trailers = nil }
    return trailers
  }

  // MARK: - Content that is read directly to its destination

  /// The number of remaining content bytes, if they are collected and their length is known.
  package var directLength: Int? {
    guard case .content = phase, case .collected = reception else { return nil }
    return parser.remainingLength
  }

  /// `count` bytes were read directly: at most `directLength`, and excess bytes behind them.
  package mutating func receivedDirectly(_ count: Int) throws(HTTPWireError) -> Action {
    guard let rest = directLength else { fatalError("receivedDirectly(_:) outside of content of known length") }
    parser.advance(by: min(count, rest))
    if count < rest { return .needMore }
    let nothing: [UInt8] = []
    var offset = 0
    // The parser reports the end without further input.
    do throws(HTTPWireError) { _ = try parser.next(nothing.span, at: &offset) } catch { return try fail(error) }
    return end(hasSurplus: count > rest)
  }

  // MARK: - The end of the connection

  /// The peer closed its side.
  /// - Parameter mayRepeat: as for `next`.
  /// - Throws: an error that says what is missing. The connection is unusable then.
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
  /// - Returns: nil without a request in progress.
  package mutating func connectionLost(mayRepeat: @autoclosure () -> Bool) -> Action? {
    switch phase {
    case .idle, .over:
      phase = .over
      return nil
    case .awaited, .head, .content: return cut(mayRepeat()) ?? .lost
    }
  }

  /// A server may have closed a kept connection before the request reached it: then, if no byte has arrived, repeat the
  /// request.
  private mutating func cut(_ mayRepeat: @autoclosure () -> Bool) -> Action? {
    if case .discarded = reception { return abandonDiscarded() }
    let isRepeated =
      isReused && !hasBegun && !request.contains(.isRepeat) && mayRepeat()
      && (request.contains(.isRepeatable) || request.contains(.isReplayable) && !request.contains(.isWritten))
    phase = .over
    return isRepeated ? .repeatRequest : nil
  }
}
