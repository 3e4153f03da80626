internal import HTTPTypes

/// Reads the content of one request or response by its framing (RFC 9112 §6 and §7).
struct BodyReader: Sendable {
  enum Event {
    case needMore
    case data(Range<Int>)
    case end(HTTPFields?)
  }

  private enum State {
    /// `remaining` bytes of content are still to come.
    case length
    /// Chunks; `chunks` has the position in them.
    case chunked
    /// All bytes until the peer closes.
    case untilClose
  }

  // Beside the state, not its payload: an enum payload would be moved out and back with each event.
  private var state = State.length
  private var remaining = 0
  private var chunks = ChunkReader(isLenient: false)
  /// The number of content bytes reported so far.
  private(set) var received = 0

  mutating func begin(_ framing: BodyFraming, isLenient: Bool) {
    received = 0
    remaining = 0
    switch framing {
    case .none:
      state = .length
    case .contentLength(let length):
      state = .length
      remaining = length
    case .chunked:
      state = .chunked
      chunks = ChunkReader(isLenient: isLenient)
    case .untilClose:
      state = .untilClose
    }
  }

  mutating func next(
    _ input: Span<UInt8>, at offset: inout Int, _ limits: HTTPLimits
  ) throws(HTTPWireError) -> Event {
    let available = input.count - offset
    switch state {
    case .length:
      if remaining == 0 { return .end(nil) }
      try checkLimit(remaining, limits)
      if available == 0 { return .needMore }
      let taken = min(available, remaining)
      remaining -= taken
      return take(taken, at: &offset)
    case .untilClose:
      if available == 0 { return .needMore }
      // Report content up to the limit before the error, so that the result does not depend on how reads split the
      // input.
      let allowed = limits.bodyBytes.map { $0 - received } ?? available
      if allowed <= 0 { try checkLimit(available, limits) }
      return take(min(available, allowed), at: &offset)
    case .chunked:
      while true {
        switch try chunks.next(input, at: &offset, limits) {
        case .needMore: return .needMore
        case .size(let size): try checkLimit(size, limits)
        case .data(let count): return take(count, at: &offset)
        case .end(let trailers): return .end(trailers)
        }
      }
    }
  }

  /// The number of bytes left of a body of known length, if the limit allows it; nil if only `next` can determine it.
  func remainingLength(_ limits: HTTPLimits) -> Int? {
    guard case .length = state else { return nil }
    if let limit = limits.bodyBytes, remaining > limit - received { return nil }
    return remaining
  }

  /// Counts bytes that the caller read by itself.
  mutating func advance(by count: Int) {
    guard case .length = state, (0...remaining).contains(count) else {
      fatalError("advance(by:) counts at most remainingLength bytes")
    }
    remaining -= count
    received += count
  }

  /// The peer closed. Checks whether that ends this body; throws if bytes are missing.
  func endOfInput() throws(HTTPWireError) {
    switch state {
    case .untilClose:
      return
    case .length:
      if remaining == 0 { return }
      throw HTTPWireError(
        .incomplete,
        "closed in the middle of a body of \(received + remaining) bytes, \(received) received (RFC 9112 §8)")
    case .chunked:
      throw HTTPWireError(
        .incomplete, "closed in the middle of a chunked body, \(received) bytes received (RFC 9112 §8)")
    }
  }

  private mutating func take(_ count: Int, at offset: inout Int) -> Event {
    defer { offset += count }
    received += count
    return .data(offset..<offset + count)
  }

  private func checkLimit(_ more: Int, _ limits: HTTPLimits) throws(HTTPWireError) {
    guard let limit = limits.bodyBytes, more > limit - received else { return }
    throw HTTPWireError(.bodyTooLarge, "the content is larger than \(limit) bytes (RFC 9110 §15.5.14)")
  }
}
