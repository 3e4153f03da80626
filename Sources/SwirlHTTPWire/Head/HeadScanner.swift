/// Goes through a head line by line, and through the same head again where it stopped once more bytes are there: bytes that
/// arrive one at a time cost no more than bytes that arrive together.
///
/// A line is judged when its line feed is there, never before. So the same bytes give the same error however they are cut into
/// reads.
struct HeadScanner<Start: StartLine>: Sendable {
  private(set) var start: Start?
  private(set) var facts = FieldFacts()
  private(set) var fieldsStart = 0
  /// Where the line that is not complete yet begins.
  private var lineStart = 0
  /// How far that line has been searched for its end.
  private var searched = 0

  /// - Parameter bytes: the head from its first byte on, at least what the call before was given.
  /// - Returns: where the head ends, after its empty line; nil if that is not there yet.
  mutating func scan(
    _ bytes: Span<UInt8>, _ limits: HTTPLimits, isRequest: Bool
  ) throws(HTTPWireError) -> Int? {
    while let lineFeed = bytes.firstLineFeed(from: searched) {
      let end = lineFeed + 1
      try checkLength(end, limits)
      let line = lineStart..<(lineFeed - 1)
      guard lineFeed > lineStart, bytes[lineFeed - 1] == .carriageReturn else {
        throw HTTPWireError(.badField, "a line ends with a line feed alone, without carriage return (RFC 9112 §2.2)")
      }
      lineStart = end
      searched = end
      if start == nil {
        try scanStart(bytes, line, limits)
        fieldsStart = end
      } else if line.isEmpty {
        return end
      } else {
        try facts.note(FieldLine(parsing: bytes, line), in: bytes, isRequest: isRequest)
        guard facts.count <= limits.cappedFieldCount else {
          throw HTTPWireError(.tooManyFields, "more than \(limits.cappedFieldCount) fields (RFC 6585 §5)")
        }
      }
    }
    searched = bytes.count
    try checkLength(bytes.count, limits)
    return nil
  }

  private mutating func scanStart(
    _ bytes: Span<UInt8>, _ line: Range<Int>, _ limits: HTTPLimits
  ) throws(HTTPWireError) {
    // Only the very first line begins at 0, so only one empty line is skipped.
    if line.isEmpty, line.lowerBound == 0, Start.allowsEmptyLineBefore { return }
    start = try Start(parsing: bytes, line)
  }

  /// The length is checked before the line is: what is beyond a limit is not looked at.
  private func checkLength(_ end: Int, _ limits: HTTPLimits) throws(HTTPWireError) {
    if start == nil, let error = Start.tooLong(end - lineStart, limits) { throw error }
    guard end <= limits.headBytes else {
      throw HTTPWireError(
        .headTooLarge, "the start line and the fields are larger than \(limits.headBytes) bytes (RFC 6585 §5)")
    }
  }
}

extension HTTPLimits {
  /// HTTPFields traps beyond 65,534 fields, whatever a program sets.
  var cappedFieldCount: Int {
    min(fieldCount, 65_000)
  }
}
