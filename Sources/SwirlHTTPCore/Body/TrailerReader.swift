internal import HTTPTypes

/// The trailer section after the last chunk (RFC 9112 §7.1.2).
struct TrailerReader: Sendable {
  private var line = LineReader()
  /// The validated lines of allowed fields.
  private var lines: [UInt8] = []
  private var count = 0
  private var total = 0

  /// - Returns: whether the section is complete.
  mutating func next(
    _ input: Span<UInt8>, at offset: inout Int, _ limits: HTTPLimits
  ) throws(HTTPWireError) -> Bool {
    while true {
      let limit = limits.trailerBytes - total
      switch try line.next(input, at: &offset, limit: limit, tooLong: .headTooLarge) {
      case nil:
        return false
      case .inInput(let range):
        if try add(input, range, limits) { return true }
      case .kept(let bytes):
        if try add(bytes.span, 0..<bytes.count, limits) { return true }
      }
    }
  }

  /// The trailer fields without the disallowed ones; nil if that leaves no field.
  var fields: HTTPFields? {
    lines.isEmpty ? nil : HTTPFields(checked: lines + [.carriageReturn, .lineFeed], from: 0)
  }

  /// - Returns: whether this was the empty line.
  private mutating func add(
    _ bytes: Span<UInt8>, _ range: Range<Int>, _ limits: HTTPLimits
  ) throws(HTTPWireError) -> Bool {
    total += range.count + 2
    if range.isEmpty { return true }
    let field = try FieldLine(parsing: bytes, range)
    count += 1
    guard count <= limits.cappedFieldCount else {
      throw HTTPWireError(.tooManyFields, "more than \(limits.cappedFieldCount) trailer fields (RFC 6585 §5)")
    }
    switch TrailerRule(bytes, field.name) {
    case .allowed:
      lines.append(copying: bytes.extracting(range))
      lines.appendLineEnd()
    case .dropped:
      break
    case .refused:
      throw HTTPWireError(
        .badFraming, "\(bytes.string(field.name)) in the trailers: it comes too late to mean anything (RFC 9110 §6.5.1)"
      )
    }
    return false
  }
}
