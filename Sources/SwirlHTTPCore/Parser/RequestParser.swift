/// The server's side: bytes to requests, one after the other (RFC 9112).
///
/// Call `next` until it returns `needMore`, then again with what was read next. It keeps what it needs of the bytes it was given; the
/// caller may use the same buffer for every read. After an error answer with the error's status and close: the same error is
/// thrown again.
public struct RequestParser: Sendable {
  private enum State {
    /// Before or in a head.
    case head
    /// In the content, or before the `end` event.
    case body
    /// The peer closed.
    case over
    /// What was received was wrong.
    case failed
  }

  /// How much is taken from the peer; may be changed at any time, for one request too: after its head, by its route.
  public var limits: HTTPLimits

  /// Whether the client allows the connection to be used again, by the last head that came (RFC 9112 §9.3); false after an error.
  public private(set) var isPersistent = true

  private var state = State.head
  private var failure: HTTPWireError?
  private var body = BodyReader()
  private var reader = HeadReader<RequestLine>()

  /// A parser for a new connection.
  public init(limits: HTTPLimits = HTTPLimits()) {
    self.limits = limits
  }

  /// Between two requests, with nothing of the next one received.
  public var isIdle: Bool {
    if case .head = state { reader.isIdle } else { false }
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

  /// The client closed its side: nothing if no request was under way, else an error that says what was missing.
  ///
  /// - Returns: `needMore`, or `end` for a request that was complete but whose `end` had not been asked for.
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
