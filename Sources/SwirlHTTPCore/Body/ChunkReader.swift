internal import HTTPTypes

/// Decodes the chunked coding (RFC 9112 §7.1).
struct ChunkReader: Sendable {
  enum Event {
    case needMore
    /// A chunk of this size begins. The caller checks limits here.
    case size(Int)
    /// This many bytes from `offset` are content; the caller advances the offset.
    case data(Int)
    case end(HTTPFields?)
  }

  private enum State {
    /// Before or in a line with a size.
    case sizeLine
    /// This many bytes of the chunk remain.
    case data(Int)
    /// After a chunk's data, before its carriage return.
    case carriageReturn
    /// Between that carriage return and its line feed.
    case lineFeed
    /// After the last chunk, before the empty line.
    case trailers
  }

  private let isLenient: Bool
  private var state = State.sizeLine
  private var line = LineReader()
  private var trailers = TrailerReader()
  private var extensionBytes = 0

  /// - Parameter isLenient: whether blanks may follow a size line.
  init(isLenient: Bool) {
    self.isLenient = isLenient
  }

  mutating func next(
    _ input: Span<UInt8>, at offset: inout Int, _ limits: HTTPLimits
  ) throws(HTTPWireError) -> Event {
    while true {
      switch state {
      case .sizeLine:
        guard let size = try nextSize(input, at: &offset, limits) else { return .needMore }
        state = size == 0 ? .trailers : .data(size)
        return .size(size)
      case .data(let remaining):
        let count = min(remaining, input.count - offset)
        if count == 0 { return .needMore }
        state = count == remaining ? .carriageReturn : .data(remaining - count)
        return .data(count)
      case .carriageReturn:
        guard try skip(.carriageReturn, input, at: &offset) else { return .needMore }
        state = .lineFeed
      case .lineFeed:
        guard try skip(.lineFeed, input, at: &offset) else { return .needMore }
        state = .sizeLine
      case .trailers:
        guard try trailers.next(input, at: &offset, limits) else { return .needMore }
        return .end(trailers.fields)
      }
    }
  }

  private mutating func nextSize(
    _ input: Span<UInt8>, at offset: inout Int, _ limits: HTTPLimits
  ) throws(HTTPWireError) -> Int? {
    let parsed: ChunkSizeLine
    switch try line.next(input, at: &offset, limit: limits.chunkLineBytes, tooLong: .badChunk) {
    case nil:
      return nil
    case .inInput(let range):
      parsed = try ChunkSizeLine(parsing: input, range, isLenient: isLenient)
    case .kept(let bytes):
      parsed = try ChunkSizeLine(parsing: bytes.span, 0..<bytes.count, isLenient: isLenient)
    }
    extensionBytes += parsed.extensionBytes
    guard extensionBytes <= limits.chunkExtensionBytes else {
      throw HTTPWireError(
        .badChunk, "the chunk extensions of one message exceed \(limits.chunkExtensionBytes) bytes (RFC 9112 §7.1.1)")
    }
    return parsed.size
  }

  private func skip(
    _ byte: UInt8, _ input: Span<UInt8>, at offset: inout Int
  ) throws(HTTPWireError) -> Bool {
    guard offset < input.count else { return false }
    guard input[offset] == byte else {
      throw HTTPWireError(.badChunk, "a chunk's data is not followed by CRLF: its size is wrong (RFC 9112 §7.1)")
    }
    offset += 1
    return true
  }
}
