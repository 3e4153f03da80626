/// The server's parser: turns bytes into requests, one after the other (RFC 9112).
///
/// Call `next` until it returns `needMore`, then again with the next input. It copies the bytes that it needs, so the
/// caller may reuse its buffer. After an error, answer with the error's status and close: later calls throw the same
/// error.
public struct RequestParser: Sendable {
  private enum State {
    /// Before or in a head.
    case head
    /// In the content, or before the `end` event.
    case body
    /// The peer closed.
    case over
    /// The input was invalid.
    case failed
  }

  /// The limits for the peer. They may change at any time, even for one request: after its head, by its route.
  public var limits: HTTPLimits

  /// Whether the client allows reuse of the connection, by the last head (RFC 9112 §9.3); false after an error.
  public private(set) var isPersistent = true

  private var state = State.head
  private var failure: HTTPWireError?
  private var body = BodyReader()
  private var reader = HeadReader<RequestLine>()

  /// A parser for a new connection.
  public init(limits: HTTPLimits = HTTPLimits()) {
    self.limits = limits
  }

  /// Between two requests, without a byte of the next one.
  public var isIdle: Bool {
    if case .head = state { reader.isIdle } else { false }
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
  ) throws(HTTPWireError) -> RequestEvent {
    do throws(HTTPWireError) {
      switch state {
      case .head:
        guard let head = try reader.next(input, at: &offset, limits, HeadRules(isRequest: true)) else {
          return .needMore
        }
        let request = RequestHead(head, framing: try head.framing())
        isPersistent = request.isPersistent
        body.begin(request.framing, isLenient: false)
        state = .body
        return .head(request)
      case .body:
        switch try body.next(input, at: &offset, limits) {
        case .needMore: return .needMore
        case .data(let range): return .data(range)
        case .end(let trailers):
          state = .head
          return .end(trailers: trailers)
        }
      case .over:
        throw HTTPWireError(.notHTTP, "the client has closed: nothing can come after that")
      case .failed: throw failure!
      }
    } catch {
      throw fail(error)
    }
  }

  /// The client closed its side. Harmless between requests; otherwise throws an error that says what is missing.
  ///
  /// - Returns: `needMore`, or `end` for a complete request whose `end` the caller had not fetched yet.
  public mutating func endOfInput() throws(HTTPWireError) -> RequestEvent {
    do throws(HTTPWireError) {
      isPersistent = false
      switch state {
      case .head:
        guard reader.isIdle else {
          throw HTTPWireError(
            .incomplete, "closed in the middle of a request head, after \(reader.pendingCount) bytes (RFC 9112 §8)")
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

  private mutating func fail(_ error: HTTPWireError) -> HTTPWireError {
    if case .over = state, error.code == .notHTTP { return error }
    isPersistent = false
    state = .failed
    failure = error
    return error
  }
}
