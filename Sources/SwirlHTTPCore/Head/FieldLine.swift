/// The positions of name and value in a field line (RFC 9112 §5). This initializer validates the line: no other file
/// checks a field line's syntax.
struct FieldLine {
  let name: Range<Int>
  /// Without surrounding blanks.
  let value: Range<Int>

  /// - Parameter line: the line without its CRLF, already checked to have no control character but tab.
  @inline(__always)
  init(parsing bytes: Span<UInt8>, _ line: Range<Int>) throws(HTTPWireError) {
    var colon = bytes.firstOther(from: line.lowerBound, to: line.upperBound)
    while colon < line.upperBound, bytes[colon].isToken { colon &+= 1 }
    guard colon < line.upperBound, bytes[colon] == .colon, colon > line.lowerBound else {
      throw Self.nameError(bytes, line, at: colon)
    }
    name = line.lowerBound..<colon
    value = bytes.trimmed(colon + 1..<line.upperBound)
  }

  /// A line of these parts, which are validated.
  init(name: Range<Int>, value: Range<Int>) {
    self.name = name
    self.value = value
  }

  /// Reads a validated line without checking it again.
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
