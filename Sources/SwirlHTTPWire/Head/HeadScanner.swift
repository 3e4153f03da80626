/// Goes through a head line by line, and on where it stopped when more of it is there.
struct HeadScanner<Start: StartLine>: Sendable {
  private(set) var start: Start?
  private(set) var facts = FieldFacts()
  private(set) var fieldsStart = 0
  /// Whether a line ended with a line feed alone, or a field was folded.
  private(set) var isIrregular = false
  private var lines = LineScanner()
  /// Where the start line begins: behind the empty line that may stand before it.
  private var startLineStart = 0
  /// Where the name of the last field is.
  private var lastName = 0..<0

  /// - Parameter bytes: the head from its first byte on, at least what the call before was given.
  /// - Returns: where the head ends, after its empty line; nil if that is not there yet.
  mutating func scan(
    _ bytes: Span<UInt8>, _ limits: HTTPLimits, _ rules: HeadRules
  ) throws(HTTPWireError) -> Int? {
    while true {
      let line: Range<Int>
      switch lines.next(in: bytes) {
      case .incomplete:
        try checkLength(bytes.count, limits)
        return nil
      case .broken(let index):
        try checkLength(index + 1, limits)
        guard let resumed = try resume(bytes, at: index, rules) else { continue }
        line = resumed
      case .line(let next):
        try checkLength(lines.lineStart, limits)
        line = next
      }
      if start == nil {
        try scanStart(bytes, line, rules)
      } else if line.isEmpty {
        return lines.lineStart
      } else if rules.isLenient, bytes[line.lowerBound].isBlank, facts.count > 0 {
        // The line continues the field before it, which must be none whose value was read already.
        try check(lastName, bytes, "is continued on a second line")
        isIrregular = true
      } else {
        let field = try FieldLine(parsing: bytes, line)
        if lines.lastControl >= line.lowerBound { try check(field.name, bytes, "has a control character") }
        try facts.note(field, in: bytes, isRequest: rules.isRequest)
        try facts.checkCount(limits)
        lastName = field.name
      }
    }
  }

  /// A line that is not as it should be, but for a lenient reader.
  ///
  /// - Returns: nil if the line goes on.
  private mutating func resume(
    _ bytes: Span<UInt8>, at index: Int, _ rules: HeadRules
  ) throws(HTTPWireError) -> Range<Int>? {
    if rules.isLenient, start != nil || bytes[index] == .lineFeed {
      switch lines.resume(bytes, at: index) {
      case .line(let line):
        facts.hasBareLineFeed = true
        isIrregular = true
        return line
      case .passed: return nil
      case .none: break
      }
    }
    throw LineScanner.error(bytes, at: index, start == nil ? .badStartLine : .badField)
  }

  /// What frames a message is read to the letter.
  private func check(
    _ name: Range<Int>, _ bytes: Span<UInt8>, _ problem: String
  ) throws(HTTPWireError) {
    guard
      !bytes.equals("content-length", in: name), !bytes.equals("transfer-encoding", in: name),
      !bytes.equals("connection", in: name)
    else {
      throw HTTPWireError(.badFraming, "\(bytes.string(name)) \(problem): it must be plain (RFC 9112 §6)")
    }
  }

  private mutating func scanStart(
    _ bytes: Span<UInt8>, _ line: Range<Int>, _ rules: HeadRules
  ) throws(HTTPWireError) {
    // Only the very first line begins at 0, so only one empty line is skipped.
    if line.isEmpty, line.lowerBound == 0, Start.allowsEmptyLineBefore {
      startLineStart = 2
    } else {
      let parsed = try Start(parsing: bytes, line)
      start = parsed
      fieldsStart = lines.lineStart
      // RFC 9110 §9.3.6: what these say of the content is ignored.
      facts.ignoresFraming = rules.answersConnect && parsed.isSuccess
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
