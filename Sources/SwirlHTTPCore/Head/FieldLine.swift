/// Where the name and the value of one field line are (RFC 9112 §5). Parsing it is the check: no other file looks at a
/// field line's syntax again.
struct FieldLine {
  let name: Range<Int>
  /// Without the blanks around it.
  let value: Range<Int>

  /// - Parameter line: the line without its CRLF, known to have no control character but tab.
  @inline(__always)
  init(parsing bytes: Span<UInt8>, _ line: Range<Int>) throws(HTTPWireError) {
    let text = bytes.extracting(line)
    var index = 0
    // Letters and hyphens first: nearly all names are of these alone.
    while index < text.count, text[index].isAlpha || text[index] == .hyphen || text[index].isToken { index &+= 1 }
    let colon = line.lowerBound + index
    guard colon < line.upperBound, bytes[colon] == .colon, colon > line.lowerBound else {
      throw Self.nameError(bytes, line, at: colon)
    }
    name = line.lowerBound..<colon
    value = bytes.trimmed(colon + 1..<line.upperBound)
  }

  /// Reads a line that was parsed before, without the checks.
  init(known bytes: Span<UInt8>, _ line: Range<Int>) {
    var colon = line.lowerBound
    while bytes[colon] != .colon { colon &+= 1 }
    name = line.lowerBound..<colon
    value = bytes.trimmed(colon + 1..<line.upperBound)
  }

  private static func nameError(_ bytes: Span<UInt8>, _ line: Range<Int>, at index: Int) -> HTTPWireError {
    if bytes[line.lowerBound].isBlank {
      return HTTPWireError(.badField, "a field is continued on a second line: line folding is refused (RFC 9112 §5.2)")
    }
    guard index < line.upperBound else {
      return HTTPWireError(.badField, "a field line has no colon (RFC 9112 §5)")
    }
    if bytes[index] == .colon {
      return HTTPWireError(.badField, "a field line has no name before its colon (RFC 9110 §5.1)")
    }
    if bytes[index].isBlank {
      return HTTPWireError(.badField, "white space in or after a field name (RFC 9112 §5.1)")
    }
    return HTTPWireError(.badField, "a field name has a byte that no token has: \(bytes[index].hex) (RFC 9110 §5.1)")
  }
}

extension UInt8 {
  /// `0x0D`, for messages.
  var hex: String {
    (self < 16 ? "0x0" : "0x") + String(self, radix: 16, uppercase: true)
  }
}
