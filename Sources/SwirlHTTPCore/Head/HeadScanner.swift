/// Scans a head line by line, and resumes where it stopped when more input arrives.
struct HeadScanner<Start: StartLine>: Sendable {
  private(set) var start: Start?
  private(set) var facts = FieldFacts()
  private(set) var fieldsStart = 0
  /// Whether a line ended with a line feed alone, or a field was folded.
  private(set) var isIrregular = false
  private var lines = LineScanner()
  /// The position of the start line: behind the optional empty line.
  private var startLineStart = 0

  /// - Parameter bytes: the head from its first byte on, including all bytes of the previous call.
  /// - Returns: the position behind the empty line; nil if the head is incomplete.
  mutating func scan(
    _ bytes: Span<UInt8>, _ limits: HTTPLimits, _ rules: HeadRules
  ) throws(HTTPWireError) -> Int? {
    while true {
      switch lines.next(in: bytes) {
      case .incomplete:
        try checkLength(bytes.count, limits)
        return nil
      case .broken(let index):
        if let end = try resume(bytes, at: index, limits, rules) { return end }
      case .line(let line):
        if let end = try take(line, endingAt: line.upperBound + 2, bytes, limits, rules) { return end }
      }
    }
  }

  /// - Parameter end: the position of the next line.
  /// - Returns: the end of the head, if this is its empty line.
  @inline(__always)
  private mutating func take(
    _ line: Range<Int>, endingAt end: Int, _ bytes: Span<UInt8>, _ limits: HTTPLimits, _ rules: HeadRules
  ) throws(HTTPWireError) -> Int? {
    try checkLength(end, limits)
    if start == nil {
      try scanStart(bytes, line, endingAt: end, rules)
    } else if line.isEmpty {
      return end
    } else if rules.isLenient, bytes[line.lowerBound].isBlank, facts.count > 0 {
      try fold(line, bytes)
    } else {
      try facts.note(FieldLine(parsing: bytes, line), in: bytes, isRequest: rules.isRequest)
      try facts.checkCount(limits)
    }
    return nil
  }

  // MARK: - Deviations

  // Never inlined, so that a well-formed head does not pay for them.

  /// Handles an irregular line, which only a lenient parser accepts.
  ///
  /// - Returns: the same as `take`.
  @inline(never)
  private mutating func resume(
    _ bytes: Span<UInt8>, at index: Int, _ limits: HTTPLimits, _ rules: HeadRules
  ) throws(HTTPWireError) -> Int? {
    try checkLength(index + 1, limits)
    if rules.isLenient, start != nil || bytes[index] == .lineFeed {
      let lineStart = lines.lineStart
      switch lines.resume(bytes, at: index) {
      case .line(let line):
        facts.hasBareLineFeed = true
        isIrregular = true
        return try take(line, endingAt: lines.lineStart, bytes, limits, rules)
      case .passed:
        try checkPlain(bytes, lineStart..<index, "has a control character")
        return nil
      case .none: break
      }
    }
    throw LineScanner.error(bytes, at: index, start == nil ? .badStartLine : .badField)
  }

  /// Handles a line that continues the previous field. That field must not be one that the parser has already
  /// interpreted.
  @inline(never)
  private mutating func fold(_ line: Range<Int>, _ bytes: Span<UInt8>) throws(HTTPWireError) {
    isIrregular = true
    // Scan back to the field's first line. Stop at a line that is a continuation itself: that one was checked before.
    var before = line.lowerBound - 1
    while bytes[before - 1] != .lineFeed { before -= 1 }
    try checkPlain(bytes, before..<line.lowerBound, "is continued on a second line")
  }

  /// Fields that determine the framing must be well-formed.
  private func checkPlain(
    _ bytes: Span<UInt8>, _ line: Range<Int>, _ problem: String
  ) throws(HTTPWireError) {
    for length in ["connection".utf8.count, "content-length".utf8.count, "transfer-encoding".utf8.count] {
      let name = line.lowerBound..<line.lowerBound + length
      guard line.count > length, bytes[name.upperBound] == .colon else { continue }
      guard
        !bytes.equals("content-length", in: name), !bytes.equals("transfer-encoding", in: name),
        !bytes.equals("connection", in: name)
      else {
        throw HTTPWireError(.badFraming, "\(bytes.string(name)) \(problem): it must be plain (RFC 9112 §6)")
      }
    }
  }

  // MARK: - Parts

  private mutating func scanStart(
    _ bytes: Span<UInt8>, _ line: Range<Int>, endingAt end: Int, _ rules: HeadRules
  ) throws(HTTPWireError) {
    // Only the very first line begins at 0, so this skips at most one empty line.
    if line.isEmpty, line.lowerBound == 0, Start.allowsEmptyLineBefore {
      startLineStart = 2
    } else {
      let parsed = try Start(parsing: bytes, line)
      start = parsed
      fieldsStart = end
      // RFC 9110 §9.3.6: ignore the content fields of a response that opens a tunnel.
      if rules.answersConnect, parsed.isSuccess { facts.ignoresFraming = true }
    }
  }

  /// Check the length before parsing the line, so that lines beyond a limit cost no parsing.
  private func checkLength(_ end: Int, _ limits: HTTPLimits) throws(HTTPWireError) {
    if start == nil, let error = Start.tooLong(end - startLineStart, limits) { throw error }
    guard end <= limits.headBytes else { throw .headTooLarge(limits) }
  }
}

extension FieldFacts {
  fileprivate func checkCount(_ limits: HTTPLimits) throws(HTTPWireError) {
    guard count <= limits.cappedFieldCount else { throw .tooManyFields(limits) }
  }
}

extension HTTPWireError {
  static func headTooLarge(_ limits: HTTPLimits) -> HTTPWireError {
    HTTPWireError(
      .headTooLarge, "the start line and the fields are larger than \(limits.headBytes) bytes (RFC 6585 §5)")
  }

  static func tooManyFields(_ limits: HTTPLimits) -> HTTPWireError {
    HTTPWireError(.tooManyFields, "more than \(limits.cappedFieldCount) fields (RFC 6585 §5)")
  }
}

extension HTTPLimits {
  /// HTTPFields traps beyond 65,534 fields, so cap the program's limit.
  var cappedFieldCount: Int {
    min(fieldCount, 65_000)
  }
}
