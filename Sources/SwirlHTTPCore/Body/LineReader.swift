/// Hands out one line at a time, from the caller's bytes when all of it is there, else from a buffer that keeps its beginning.
struct LineReader: Sendable {
  private var lines = LineScanner()
  /// The beginning of a line whose end has not come yet.
  private var kept: [UInt8] = []

  /// Where the line is, without its CRLF.
  enum Line {
    case inInput(Range<Int>)
    case kept([UInt8])
  }

  /// - Parameter limit: how long a line may be, with its CRLF.
  /// - Returns: nil if the line's end has not come.
  mutating func next(
    _ input: Span<UInt8>, at offset: inout Int, limit: Int, tooLong: HTTPWireError.Code
  ) throws(HTTPWireError) -> Line? {
    if kept.isEmpty {
      let rest = input.extracting(offset...)
      guard let line = try scan(rest, limit: limit, tooLong) else {
        kept = [UInt8](copying: rest)
        offset = input.count
        return nil
      }
      let start = offset
      offset += line.upperBound + 2
      lines = LineScanner()
      return .inInput(start..<start + line.upperBound)
    }
    // Up to the next line feed only: what is behind it is not ours to take.
    let end = input.firstLineFeed(from: offset).map { $0 + 1 } ?? input.count
    var bytes = kept
    kept = []
    bytes.append(copying: input.extracting(offset..<end))
    offset = end
    guard let line = try scan(bytes.span, limit: limit, tooLong) else {
      kept = bytes
      return nil
    }
    lines = LineScanner()
    bytes.removeSubrange(line.upperBound...)
    return .kept(bytes)
  }

  private mutating func scan(
    _ bytes: Span<UInt8>, limit: Int, _ tooLong: HTTPWireError.Code
  ) throws(HTTPWireError) -> Range<Int>? {
    let result = lines.next(in: bytes)
    let length =
      switch result {
      case .incomplete: bytes.count
      case .broken(let index): index + 1
      case .line(let line): line.upperBound + 2
      }
    guard length <= limit else {
      throw HTTPWireError(tooLong, "a line of the chunked coding, or all trailers, are longer than the limits allow")
    }
    switch result {
    case .incomplete: return nil
    case .broken(let index): throw LineScanner.error(bytes, at: index, tooLong == .badChunk ? .badChunk : .badField)
    case .line(let line): return line
    }
  }
}
