/// Hands out one line at a time, from the caller's bytes when all of it is there, else from a buffer that keeps its beginning.
struct LineReader: Sendable {
  /// The beginning of a line whose end has not come yet.
  private var kept: [UInt8] = []

  /// Where the line is; with its line end.
  enum Line {
    case inInput(Range<Int>)
    case kept
  }

  /// - Parameter limit: how long a line may be, with its line end.
  /// - Returns: nil if the line's end has not come. After `.kept`, `takeKept` gives the line.
  mutating func next(
    _ input: Span<UInt8>, at offset: inout Int, limit: Int, tooLong: HTTPWireError.Code
  ) throws(HTTPWireError) -> Line? {
    let lineFeed = input.firstLineFeed(from: offset)
    let part = offset..<(lineFeed.map { $0 + 1 } ?? input.count)
    guard kept.count + part.count <= limit else {
      throw HTTPWireError(tooLong, "a line of the chunked coding, or all trailers, are longer than \(limit) bytes")
    }
    offset = part.upperBound
    if lineFeed != nil, kept.isEmpty { return .inInput(part) }
    kept.append(copying: input.extracting(part))
    return lineFeed == nil ? nil : .kept
  }

  /// The whole line after `.kept`; the reader is ready for the next one.
  mutating func takeKept() -> [UInt8] {
    defer { kept = [] }
    return kept
  }

  /// The line without its end, which must be CRLF.
  static func content(of bytes: Span<UInt8>, _ line: Range<Int>) throws(HTTPWireError) -> Range<Int> {
    guard line.count >= 2, bytes[line.upperBound - 2] == .carriageReturn else {
      throw HTTPWireError(.badChunk, "a line ends with a line feed alone, without carriage return (RFC 9112 §2.2)")
    }
    return line.lowerBound..<(line.upperBound - 2)
  }
}
