public import HTTPTypes

/// The client's side: bytes to responses, one after the other (RFC 9112).
///
/// Call `next` until it returns `needMore`, then again with what was read next. It keeps what it needs of the bytes it was
/// given; the caller may use the same buffer for every read. After an error the connection is of no use: the same error is thrown
/// again.
///
/// ```swift
/// var parser = ResponseParser()
/// var offset = 0
/// loop: while true {
///   switch try parser.next(bytes.span, at: &offset) {
///   case .head(let head): print(head.status)
///   case .data(let range): body.append(contentsOf: bytes[range])
///   case .end, .needMore: break loop
///   case .informational, .upgraded: continue
///   }
/// }
/// ```
public struct ResponseParser: Sendable {
  private enum State {
    /// Before or in a head.
    case head
    /// In the content, or before the `end` event.
    case body
    /// The connection speaks another protocol, or the peer closed it.
    case over
    /// What was received was wrong.
    case failed
  }

  /// How much is taken from the peer; may be changed at any time, for one response too.
  public var limits: HTTPLimits

  /// Whether the connection can be used for another request, by the last head that came (RFC 9112 §9.3); false after an error,
  /// an upgrade, and once the peer closed.
  public private(set) var isPersistent = true

  private let isLenient: Bool
  private var state = State.head
  private var failure: HTTPWireError?
  private var body = BodyReader()
  private var reader = HeadReader<StatusLine>()
  private var request = RequestKind.other
  private var informationalCount = 0
  /// Whether the head of an informational response was such that the connection must not be used again.
  private var mustClose = false

  /// A parser for a new connection.
  ///
  /// - Parameters:
  ///   - limits: how much is taken from the peer.
  ///   - isLenient: whether to take from an origin server what RFC 9110 and 9112 let a user agent take: folded fields, lines of the
  ///     head that end with a line feed alone, control characters other than NUL in values, both Content-Length and chunked, chunked
  ///     in HTTP/1.0, and blanks behind a chunk's size. A program that passes responses on, or gets them from one that does, leaves it
  ///     false.
  public init(limits: HTTPLimits = HTTPLimits(), isLenient: Bool = false) {
    self.limits = limits
    self.isLenient = isLenient
  }

  /// Tells which request the next response answers: to HEAD and CONNECT it has no content, whatever its fields say (RFC 9112 §6.3).
  /// Call it before the first byte of each response; without it the response is taken as one to GET.
  public mutating func expect(_ method: HTTPRequest.Method) {
    request = RequestKind(method)
  }

  /// Between two responses, with nothing of the next one received.
  public var isIdle: Bool {
    if case .head = state { reader.isIdle && informationalCount == 0 } else { false }
  }

  /// How many bytes of content of known length are still to come, to read them straight into where they belong and count them with
  /// `advance(by:)`. Nil where the length is not known, or is beyond the limit: `next` tells.
  public var remainingLength: Int? {
    if case .body = state { body.remainingLength(limits) } else { nil }
  }

  /// Counts content that was read without `next`: at most `remainingLength`. At 0 call `next` for the `end` event.
  public mutating func advance(by count: Int) {
    guard case .body = state else { fatalError("advance(by:) outside of content") }
    body.advance(by: count)
  }

  /// The next event in `input` from `offset` on, which is moved behind what was used.
  public mutating func next(
    _ input: Span<UInt8>, at offset: inout Int
  ) throws(HTTPWireError) -> ResponseEvent {
    do throws(HTTPWireError) {
      switch state {
      case .head: return try nextHead(input, at: &offset)
      case .body:
        switch try body.next(input, at: &offset, limits) {
        case .needMore: return .needMore
        case .data(let range): return .data(range)
        case .end(let trailers):
          state = .head
          return .end(trailers: trailers)
        }
      case .over:
        throw HTTPWireError(.notHTTP, "the connection no longer carries HTTP responses: don't parse what it brings")
      case .failed: throw failure!
      }
    } catch {
      throw fail(error)
    }
  }

  /// The peer closed: the end of a body that lasts until then, nothing if no response was due, else an error that says what was
  /// missing.
  ///
  /// - Returns: `end` or, between responses, `needMore`.
  public mutating func endOfInput() throws(HTTPWireError) -> ResponseEvent {
    do throws(HTTPWireError) {
      isPersistent = false
      switch state {
      case .head:
        guard reader.pendingCount == 0 else {
          throw HTTPWireError(
            .incomplete, "closed in the middle of a response head, after \(reader.pendingCount) bytes (RFC 9112 §8)")
        }
        guard informationalCount == 0 else {
          throw HTTPWireError(.incomplete, "closed after an informational response, before the answer (RFC 9112 §8)")
        }
        state = .over
        return .needMore
      case .body:
        try body.endOfInput()
        state = .over
        return .end(trailers: nil)
      case .over: return .needMore
      case .failed: throw failure!
      }
    } catch {
      throw fail(error)
    }
  }

  private mutating func nextHead(
    _ input: Span<UInt8>, at offset: inout Int
  ) throws(HTTPWireError) -> ResponseEvent {
    let rules = HeadRules(isRequest: false, isLenient: isLenient, answersConnect: request == .connect)
    guard let head = try reader.next(input, at: &offset, limits, rules) else { return .needMore }
    let status = head.start.status
    if status < 200, status != 101 {
      informationalCount += 1
      if head.facts.hasBareLineFeed || head.facts.isAmbiguous(head.start.version) { mustClose = true }
      guard informationalCount <= limits.informationalResponses else {
        throw HTTPWireError(
          .tooManyInformational, "more than \(limits.informationalResponses) informational responses before the answer")
      }
      return .informational(ResponseHead(head, framing: .none))
    }
    let framing = try head.framing(answering: request, isLenient: isLenient)
    let response = ResponseHead(head, framing: framing)
    isPersistent = response.isPersistent && !mustClose
    informationalCount = 0
    defer { request = .other }
    if status == 101 || (request == .connect && status < 300) {
      state = .over
      isPersistent = false
      return .upgraded(response)
    }
    body.begin(framing, isLenient: isLenient)
    state = .body
    return .head(response)
  }

  private mutating func fail(_ error: HTTPWireError) -> HTTPWireError {
    if case .over = state, error.code == .notHTTP { return error }
    isPersistent = false
    let error = error.inResponse
    state = .failed
    failure = error
    return error
  }
}
