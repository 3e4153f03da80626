extension TextDecoding {
  /// The `charset` parameter of a `Content-Type` field (RFC 9110 §8.3.1), without its quotes; the first if there are several.
  ///
  /// - Returns: nil when there is none, or an empty one. A parameter that is malformed is passed over, as browsers do.
  package static func charset(ofContentType field: String) -> String? {
    var rest = field[...].utf8[...]
    // The type and subtype say nothing here.
    _ = take(&rest, until: [semicolon])
    while rest.popFirst() != nil {
      let name = Substring(take(&rest, until: [semicolon, equals])).trimmedStart
      guard rest.first == equals else { continue }
      rest.removeFirst()
      let value = rest.first == quote ? quotedString(&rest) : Substring(take(&rest, until: [semicolon])).trimmed
      // What stands between a quoted string and the next parameter is no part of either.
      _ = take(&rest, until: [semicolon])
      if name.lowercased() == "charset", !value.isEmpty { return String(value) }
    }
    return nil
  }

  private static let semicolon = UInt8(ascii: ";")
  private static let equals = UInt8(ascii: "=")
  private static let quote = UInt8(ascii: "\"")
  private static let backslash = UInt8(ascii: "\\")

  private static func take(_ rest: inout Substring.UTF8View, until ends: [UInt8]) -> Substring.UTF8View {
    let taken = rest.prefix { !ends.contains($0) }
    rest = rest[taken.endIndex...]
    return taken
  }

  /// Behind its opening quote; a backslash takes the byte behind it as it is (RFC 9110 §5.6.4).
  private static func quotedString(_ rest: inout Substring.UTF8View) -> Substring {
    rest.removeFirst()
    var value: [UInt8] = []
    while let byte = rest.popFirst(), byte != quote {
      value.append(byte == backslash ? rest.popFirst() ?? backslash : byte)
    }
    return Substring(decoding: value, as: UTF8.self)
  }
}
