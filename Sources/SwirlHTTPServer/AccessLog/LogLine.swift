/// Bytes of log lines, with values of clients escaped.
struct LogLine {
  var bytes: [UInt8] = []

  mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  /// A value within quotes, or within brackets: `\x0A` stands for what could end it, or act on a terminal. nginx writes
  /// it so.
  mutating func appendEscaped(_ text: String) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), ..<0x20, 0x7F...: appendHex(byte)
      default: bytes.append(byte)
      }
    }
  }

  /// A line of the program: control characters alone are escaped.
  mutating func appendLine(_ text: String) {
    for byte in text.utf8 {
      if byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7F { appendHex(byte) } else { bytes.append(byte) }
    }
  }

  private mutating func appendHex(_ byte: UInt8) {
    bytes += [UInt8(ascii: "\\"), UInt8(ascii: "x"), Self.hex[Int(byte >> 4)], Self.hex[Int(byte & 15)]]
  }

  private static let hex = Array("0123456789ABCDEF".utf8)

  // MARK: - JSON

  /// A member of an object, whose value is text (RFC 8259 §7).
  mutating func appendMember(_ name: String, _ value: String) {
    appendName(name)
    appendString(value)
  }

  private mutating func appendString(_ value: String) {
    bytes.append(UInt8(ascii: "\""))
    for scalar in value.unicodeScalars {
      switch scalar.value {
      case 0x22, 0x5C:
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(UInt8(scalar.value))
      // Controls, and what JavaScript and terminals take for the end of a line.
      case ..<0x20, 0x7F...0x9F, 0x2028, 0x2029:
        append("\\u")
        for shift in [12, 8, 4, 0] { bytes.append(Self.hex[Int(scalar.value >> shift & 15)]) }
      default: bytes.append(contentsOf: String(scalar).utf8)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// A member of an object, whose value is a number, or true or false.
  mutating func appendMember(_ name: String, literal value: String) {
    appendName(name)
    append(value)
  }

  private mutating func appendName(_ name: String) {
    if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
    appendString(name)
    bytes.append(UInt8(ascii: ":"))
  }
}
