public import HTTPTypes

/// The client's parser: turns bytes into responses, one after the other (RFC 9112).
///
/// Call `next` until it returns `needMore`, then again with the next input. It copies the bytes that it needs, so the
/// caller may reuse its buffer. After an error close the connection: later calls throw the same error.
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
    /// The connection switched to another protocol, or the peer closed it.
    case over
    /// The input was invalid.
    case failed
  }

  /// The limits for the peer. They may change at any time, even for one response.
  public var limits: HTTPLimits

  /// Whether the connection is reusable for another request, by the last head (RFC 9112 §9.3); false after an error, an
  /// upgrade, and once the peer closed.
  public private(set) var isPersistent = true

  private let isLenient: Bool
  private var state = State.head
  private var failure: HTTPWireError?
  private var body = BodyReader()
  private var reader = HeadReader<StatusLine>()
  private var request = RequestKind.other
  private var informationalCount = 0
  /// Whether the head of an informational response forbids reuse of the connection.
  private var mustClose = false

  /// A parser for a new connection.
  ///
  /// - Parameters:
  ///   - limits: the limits for the peer.
  ///   - isLenient: whether to accept from an origin server the deviations that RFC 9110 and 9112 permit to a user
  ///     agent: folded fields, lines of the head that end with a line feed alone, control characters other than NUL in
  ///     values, both Content-Length and chunked, chunked in HTTP/1.0, and blanks behind a chunk's size. Leave it false
  ///     in a program that forwards responses, or receives them from one that does.
  public init(limits: HTTPLimits = HTTPLimits(), isLenient: Bool = false) {
    self.limits = limits
    self.isLenient = isLenient
  }

  /// Sets the request method of the next response: a response to HEAD or CONNECT has no content, whatever its fields
  /// say (RFC 9112 §6.3). Call it before the first byte of each response; the default is GET.
  public mutating func expect(_ method: HTTPRequest.Method) {
    request = RequestKind(method)
  }

  /// Between two responses, without a byte of the next one.
  public var isIdle: Bool {
    if case .head = state { reader.isIdle && informationalCount == 0 } else { false }
  }

  /// The number of bytes left of content of known length. The caller may read them directly to their destination, and
  /// count them with `advance(by:)`. Nil if the length is unknown or beyond the limit: call `next` then.
  public var remainingLength: Int? {
    if case .body = state { body.remainingLength(limits) } else { nil }
  }

  /// Counts content that the caller read without `next`: at most `remainingLength`. At 0 call `next` for the `end`
  /// event.
  public mutating func advance(by count: Int) {
    guard case .body = state else { fatalError("advance(by:) outside of content") }
    body.advance(by: count)
  }

  /// The next event in `input` from `offset`, which advances behind the bytes used.
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

  /// The peer closed. This ends a body without a length; between responses it is harmless; otherwise throws an error
  /// that says what is missing.
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
      guard informationalCount <= limits.informationalResponses else { throw .tooManyInformational(limits) }
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

extension HTTPWireError {
  static func tooManyInformational(_ limits: HTTPLimits) -> HTTPWireError {
    HTTPWireError(
      .tooManyInformational, "more than \(limits.informationalResponses) informational responses before the answer")
  }
}
