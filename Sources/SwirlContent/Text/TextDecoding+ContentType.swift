extension TextDecoding {
  /// The `charset` parameter of a `Content-Type` field (RFC 9110 §8.3.1), without its quotes; the first if there are
  /// several.
  ///
  /// - Returns: nil without one, or if it is empty. It skips a malformed parameter, as browsers do.
  package static func charset(ofContentType field: String) -> String? {
    var rest = field[...].utf8[...]
    // Skip the type and subtype.
    _ = take(&rest, until: [semicolon])
    while rest.popFirst() != nil {
      let name = Substring(take(&rest, until: [semicolon, equals])).trimmedStart
      guard rest.first == equals else { continue }
      rest.removeFirst()
      let value = rest.first == quote ? quotedString(&rest) : Substring(take(&rest, until: [semicolon])).trimmed
      // Skip the text between a quoted string and the next parameter.
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

  /// Behind its opening quote; a backslash escapes the byte behind it (RFC 9110 §5.6.4).
  private static func quotedString(_ rest: inout Substring.UTF8View) -> Substring {
    rest.removeFirst()
    var value: [UInt8] = []
    while let byte = rest.popFirst(), byte != quote {
      value.append(byte == backslash ? rest.popFirst() ?? backslash : byte)
    }
    return Substring(decoding: value, as: UTF8.self)
  }
}
