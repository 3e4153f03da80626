/// Returns one line at a time: from the caller's bytes if the whole line is there, otherwise from a buffer that holds
/// its beginning.
struct LineReader: Sendable {
  private var lines = LineScanner()
  /// The beginning of an incomplete line.
  private var kept: [UInt8] = []

  /// The position of the line, without its CRLF.
  enum Line {
    case inInput(Range<Int>)
    case kept([UInt8])
  }

  /// - Parameter limit: the maximum length of a line with its CRLF.
  /// - Returns: nil if the line is incomplete.
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
    // Up to the next line feed only: the bytes behind it do not belong to this line.
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
