/// How to decode bytes as text.
enum TextEncoding {
  case utf8
  case utf16LittleEndian
  case utf16BigEndian
  case windows1252
  /// ASCII, and a private-use character for each other byte.
  case userDefined
  /// By the C library's converter of this name.
  case converted(CharsetConverter)

  /// Nil if the Encoding standard does not have the label (§4.2).
  init?(label: String) {
    let name = label[...].trimmed.lowercased()
    switch name {
    case "utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8":
      self = .utf8
    case "utf-16", "utf-16le", "csunicode", "iso-10646-ucs-2", "ucs-2", "unicode", "unicodefeff":
      self = .utf16LittleEndian
    case "utf-16be", "unicodefffe":
      self = .utf16BigEndian
    case "us-ascii", "ascii", "ansi_x3.4-1968", "iso-8859-1", "iso8859-1", "iso88591", "iso_8859-1", "iso_8859-1:1987",
      "iso-ir-100", "latin1", "l1", "csisolatin1", "cp819", "ibm819", "windows-1252", "cp1252", "x-cp1252":
      self = .windows1252
    case "x-user-defined":
      self = .userDefined
    default:
      guard let libraryName = EncodingLabels.libraryName(of: name), let converter = CharsetConverter(libraryName) else {
        return nil
      }
      self = .converted(converter)
    }
  }

  /// The label in the form of the tables.
  static func label(_ label: String) -> String { label[...].trimmed.lowercased() }

  /// The byte of a character in windows-1252; nil if the set lacks it.
  static func windows1252Byte(of scalar: Unicode.Scalar) -> UInt8? {
    if scalar.value < 0x80 || (0xA0...0xFF).contains(scalar.value) { return UInt8(scalar.value) }
    return windows1252High.firstIndex { UInt32($0) == scalar.value }.map { UInt8($0 + 0x80) }
  }

  /// Invalid bytes become U+FFFD.
  func decode(_ bytes: ArraySlice<UInt8>) -> String {
    switch self {
    case .utf8: String(decoding: bytes, as: UTF8.self)
    case .utf16LittleEndian: Self.utf16(bytes) { low, high in UInt16(high) << 8 | UInt16(low) }
    case .utf16BigEndian: Self.utf16(bytes) { high, low in UInt16(high) << 8 | UInt16(low) }
    case .windows1252: Self.windows1252(bytes)
    case .userDefined: String(decoding: bytes.map { $0 < 0x80 ? UInt16($0) : 0xF700 + UInt16($0) }, as: UTF16.self)
    case .converted(let converter): converter.decode(bytes)
    }
  }

  private static func utf16(_ bytes: ArraySlice<UInt8>, _ unit: (UInt8, UInt8) -> UInt16) -> String {
    var units: [UInt16] = []
    units.reserveCapacity(bytes.count / 2 + 1)
    var index = bytes.startIndex
    while index + 1 < bytes.endIndex {
      units.append(unit(bytes[index], bytes[index + 1]))
      index += 2
    }
    // Half a code unit at the end. After a lone lead surrogate it belongs to the same error (Encoding standard §14.4).
    if index < bytes.endIndex, !(units.last.map(UTF16.isLeadSurrogate) ?? false) { units.append(0xFFFD) }
    return String(decoding: units, as: UTF16.self)
  }

  private static func windows1252(_ bytes: ArraySlice<UInt8>) -> String {
    if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
    let units = bytes.map { (0x80...0x9F).contains($0) ? windows1252High[Int($0 - 0x80)] : UInt16($0) }
    return String(decoding: units, as: UTF16.self)
  }

  /// 0x80 to 0x9F; every other byte is its own code point.
  private static let windows1252High: [UInt16] = [
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D,
    0x017D,
    0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153,
    0x009D,
    0x017E, 0x0178,
  ]
}
