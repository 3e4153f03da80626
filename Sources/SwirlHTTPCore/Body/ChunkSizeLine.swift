/// `1A;name=value`, the line before a chunk's data (RFC 9112 §7.1). It validates and drops extensions: a recipient must
/// ignore unknown ones, and this one knows no extensions.
struct ChunkSizeLine {
  let size: Int
  /// The length of the extensions, and of blanks beyond a column's width.
  let extensionBytes: Int

  /// Some servers pad the size with blanks to a column of fixed width.
  private static let columnWidth = 16

  /// - Parameters:
  ///   - line: the line without its CRLF.
  ///   - isLenient: whether blanks may follow at its end.
  init(parsing bytes: Span<UInt8>, _ line: Range<Int>, isLenient: Bool) throws(HTTPWireError) {
    var end = line.upperBound
    if isLenient {
      while end > line.lowerBound, bytes[end - 1].isBlank { end -= 1 }
    }
    let padding = line.upperBound - end
    let line = line.lowerBound..<end
    var index = line.lowerBound
    var value: UInt64 = 0
    while index < line.upperBound, let digit = bytes[index].hexDigit {
      // Sixteen digits fill the integer. Leading zeros count too: their only use is to evade another parser's check.
      guard index - line.lowerBound < 16 else { throw Self.sizeError }
      value = value << 4 | UInt64(digit)
      index += 1
    }
    guard index > line.lowerBound, let size = Int(exactly: value) else { throw Self.sizeError }
    self.size = size
    extensionBytes = line.upperBound - index + max(0, padding - Self.columnWidth)
    try Self.checkExtensions(bytes, index..<line.upperBound)
  }

  private static var sizeError: HTTPWireError {
    HTTPWireError(
      .badChunk, "a chunk's size is not 1 to 16 hexadecimal digits, or can't be counted to (RFC 9112 §7.1)")
  }

  /// `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`, RFC 9112 §7.1.1.
  private static func checkExtensions(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(HTTPWireError) {
    var cursor = Cursor(index: range.lowerBound, end: range.upperBound)
    while cursor.index < cursor.end {
      guard cursor.skipBlanks(bytes, then: .semicolon) else {
        throw HTTPWireError(.badChunk, "something other than an extension follows a chunk's size (RFC 9112 §7.1.1)")
      }
      cursor.skipBlanks(bytes)
      guard cursor.skipToken(bytes) else { throw extensionError }
      guard cursor.skipBlanks(bytes, then: UInt8(ascii: "=")) else { continue }
      cursor.skipBlanks(bytes)
      guard cursor.skipToken(bytes) || cursor.skipQuotedString(bytes) else { throw extensionError }
    }
  }

  private static var extensionError: HTTPWireError {
    HTTPWireError(.badChunk, "a chunk extension is not name or name=value (RFC 9112 §7.1.1)")
  }
}

private struct Cursor {
  var index: Int
  let end: Int

  mutating func skipBlanks(_ bytes: Span<UInt8>) {
    while index < end, bytes[index].isBlank { index += 1 }
  }

  /// Skips blanks and then `byte`; skips nothing if `byte` does not follow.
  mutating func skipBlanks(_ bytes: Span<UInt8>, then byte: UInt8) -> Bool {
    var ahead = self
    ahead.skipBlanks(bytes)
    guard ahead.index < end, bytes[ahead.index] == byte else { return false }
    index = ahead.index + 1
    return true
  }

  mutating func skipToken(_ bytes: Span<UInt8>) -> Bool {
    let start = index
    while index < end, bytes[index].isToken { index += 1 }
    return index > start
  }

  mutating func skipQuotedString(_ bytes: Span<UInt8>) -> Bool {
    guard index < end, bytes[index] == .quote else { return false }
    index += 1
    while index < end, bytes[index].isFieldValue {
      if bytes[index] == .quote {
        index += 1
        return true
      }
      // A quoted pair: the backslash escapes the next byte.
      if bytes[index] == UInt8(ascii: "\\") {
        index += 1
        guard index < end, bytes[index].isFieldValue else { return false }
      }
      index += 1
    }
    return false
  }
}

extension UInt8 {
  fileprivate var hexDigit: UInt8? {
    if isDigit { return self - UInt8(ascii: "0") }
    let letter = lowercased &- UInt8(ascii: "a")
    return letter < 6 ? letter + 10 : nil
  }
}
