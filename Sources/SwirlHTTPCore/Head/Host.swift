/// `uri-host [ ":" port ]`, the syntax of Host and of an authority without user information (RFC 9110 §7.2).
package enum Host {
  /// Whether `text` has this syntax.
  package static func isValid(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return isValid(bytes.span, 0..<bytes.count, portRequired: false)
  }

  static func isValid(_ bytes: Span<UInt8>, _ range: Range<Int>, portRequired: Bool) -> Bool {
    var index = range.lowerBound
    if index < range.upperBound, bytes[index] == UInt8(ascii: "[") {
      index += 1
      let literal = index
      while index < range.upperBound, bytes[index].isAddressLiteral { index += 1 }
      guard index > literal, index < range.upperBound, bytes[index] == UInt8(ascii: "]") else { return false }
      index += 1
    } else {
      while index < range.upperBound, bytes[index].isRegisteredName { index += 1 }
    }
    guard index > range.lowerBound else { return false }
    if index == range.upperBound { return !portRequired }
    guard bytes[index] == .colon else { return false }
    return isPort(bytes, index + 1..<range.upperBound, required: portRequired)
  }

  /// RFC 3986 permits an empty port after the colon.
  private static func isPort(_ bytes: Span<UInt8>, _ range: Range<Int>, required: Bool) -> Bool {
    if range.isEmpty { return !required }
    guard range.count <= 5 else { return false }
    var port = 0
    for index in range {
      guard bytes[index].isDigit else { return false }
      port = port * 10 + Int(bytes[index] - UInt8(ascii: "0"))
    }
    return port <= 65_535
  }
}
