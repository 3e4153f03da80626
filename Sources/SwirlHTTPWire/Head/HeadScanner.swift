/// Goes through a head line by line, and on where it stopped when more of it is there.
struct HeadScanner<Start: StartLine>: Sendable {
  private(set) var start: Start?
  private(set) var facts = FieldFacts()
  private(set) var fieldsStart = 0
  private var lines = LineScanner()
  /// Where the start line begins: behind the empty line that may stand before it.
  private var startLineStart = 0

  /// - Parameter bytes: the head from its first byte on, at least what the call before was given.
  /// - Returns: where the head ends, after its empty line; nil if that is not there yet.
  mutating func scan(
    _ bytes: Span<UInt8>, _ limits: HTTPLimits, isRequest: Bool
  ) throws(HTTPWireError) -> Int? {
    while true {
      switch lines.next(in: bytes) {
      case .incomplete:
        try checkLength(bytes.count, limits)
        return nil
      case .broken(let index):
        try checkLength(index + 1, limits)
        throw LineScanner.error(bytes, at: index, start == nil ? .badStartLine : .badField)
      case .line(let line):
        let end = line.upperBound + 2
        try checkLength(end, limits)
        if start == nil {
          try scanStart(bytes, line)
        } else if line.isEmpty {
          return end
        } else {
          try facts.note(FieldLine(parsing: bytes, line), in: bytes, isRequest: isRequest)
          try facts.checkCount(limits)
        }
      }
    }
  }

  private mutating func scanStart(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(HTTPWireError) {
    // Only the very first line begins at 0, so only one empty line is skipped.
    if line.isEmpty, line.lowerBound == 0, Start.allowsEmptyLineBefore {
      startLineStart = 2
    } else {
      start = try Start(parsing: bytes, line)
      fieldsStart = line.upperBound + 2
    }
  }

  /// The length is checked before the line is: what is beyond a limit is not looked at.
  private func checkLength(_ end: Int, _ limits: HTTPLimits) throws(HTTPWireError) {
    if start == nil, let error = Start.tooLong(end - startLineStart, limits) { throw error }
    guard end <= limits.headBytes else {
      throw HTTPWireError(
        .headTooLarge, "the start line and the fields are larger than \(limits.headBytes) bytes (RFC 6585 §5)")
    }
  }
}

extension FieldFacts {
  fileprivate func checkCount(_ limits: HTTPLimits) throws(HTTPWireError) {
    guard count <= limits.cappedFieldCount else {
      throw HTTPWireError(.tooManyFields, "more than \(limits.cappedFieldCount) fields (RFC 6585 §5)")
    }
  }
}

extension HTTPLimits {
  /// HTTPFields traps beyond 65,534 fields, whatever a program sets.
  var cappedFieldCount: Int {
    min(fieldCount, 65_000)
  }
}
