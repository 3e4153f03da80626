/// `&amp;`, `&#38;` and their like (HTML §13.2.5.72).
enum CharacterReferences {
  /// The text with its references decoded, and U+FFFD for each NUL.
  ///
  /// - Parameter inAttribute: whether a name without a semicolon stays text before a letter, digit or equals sign, as
  ///   in `?a=1&copy=2`.
  static func decode(_ text: ArraySlice<UInt8>, inAttribute: Bool = false) -> [UInt8] {
    guard text.contains(where: { $0 == UInt8(ascii: "&") || $0 == 0 }) else { return Array(text) }
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    var index = text.startIndex
    while index < text.endIndex {
      switch text[index] {
      case 0: output += [0xEF, 0xBF, 0xBD]
      case UInt8(ascii: "&"):
        if let (scalars, end) = reference(text, index + 1, inAttribute) {
          for scalar in scalars { output.append(contentsOf: UTF8.encode(scalar)!) }
          index = end
          continue
        }
        output.append(UInt8(ascii: "&"))
      default: output.append(text[index])
      }
      index += 1
    }
    return output
  }

  /// Behind an ampersand: the characters of the reference and where it ends; nil if it is no reference.
  private static func reference(
    _ text: ArraySlice<UInt8>, _ start: Int, _ inAttribute: Bool
  ) -> (scalars: [Unicode.Scalar], end: Int)? {
    guard start < text.endIndex else { return nil }
    if text[start] == UInt8(ascii: "#") { return number(text, start + 1) }
    var end = start
    // The longest name has 31 letters.
    while end < text.endIndex, end - start < 32, text[end].isLetter || text[end].isDigit { end += 1 }
    if end < text.endIndex, text[end] == UInt8(ascii: ";"), let scalars = names[name(text[start...end])] {
      return (scalars, end + 1)
    }
    // The longest name that needs no semicolon and that the text begins with; such names have at most six letters.
    let next: UInt8? = end < text.endIndex ? text[end] : nil
    if inAttribute {
      guard next != UInt8(ascii: "="), let scalars = names[name(text[start..<end])] else { return nil }
      return (scalars, end)
    }
    var length = min(6, end - start)
    while length >= 2 {
      if let scalars = names[name(text[start..<start + length])] { return (scalars, start + length) }
      length -= 1
    }
    return nil
  }

  private static func name(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

  /// The position is behind `&#`.
  private static func number(_ text: ArraySlice<UInt8>, _ start: Int) -> ([Unicode.Scalar], Int)? {
    var index = start
    var radix: UInt32 = 10
    if index < text.endIndex, text[index] | 0x20 == UInt8(ascii: "x") {
      radix = 16
      index += 1
    }
    let digits = index
    var value: UInt32 = 0
    while index < text.endIndex, let digit = digit(text[index]), digit < radix {
      value = min(value * radix + digit, 0x11_0000)
      index += 1
    }
    if index == digits { return nil }
    if index < text.endIndex, text[index] == UInt8(ascii: ";") { index += 1 }
    return ([scalar(value)], index)
  }

  private static func digit(_ byte: UInt8) -> UInt32? {
    if byte.isDigit { return UInt32(byte - UInt8(ascii: "0")) }
    let letter = byte.lowercased
    return letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "f") ? UInt32(letter - UInt8(ascii: "a")) + 10 : nil
  }

  /// §13.2.5.80: numbers 0x80 to 0x9F mean the characters of windows-1252.
  private static func scalar(_ value: UInt32) -> Unicode.Scalar {
    let meant = (0x80...0x9F).contains(value) ? windows1252[Int(value - 0x80)] : value
    return meant == 0 ? "\u{FFFD}" : Unicode.Scalar(meant) ?? "\u{FFFD}"
  }

  private static let windows1252: [UInt32] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D,
    0x8F,
    0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E,
    0x0178,
  ]

  /// The characters of each name; the names without a semicolon in the table need no semicolon in the text.
  private static let names: [String: [Unicode.Scalar]] = {
    var names: [String: [Unicode.Scalar]] = [:]
    names.reserveCapacity(2300)
    for entry in table.description.split(whereSeparator: \.isWhitespace) {
      let parts = entry.split(separator: "=")
      names[String(parts[0])] = parts[1].split(separator: "+").compactMap {
        UInt32($0, radix: 16).flatMap(Unicode.Scalar.init)
      }
    }
    return names
  }()
}
