package import HTTPTypes

extension ResponseHead {
  /// A field with the value that `name` has here, byte for byte, to send it back; nil where it has none, or one with a control
  /// character, which is not sent on (RFC 9110 §5.5).
  package func field(_ name: String, as sent: HTTPField.Name) -> HTTPField? {
    guard let value = bytes(of: name), HTTPField.isValidValue(value) else { return nil }
    return HTTPField(name: sent, value: value)
  }

  /// The URL reference that `name` has here. A field is bytes, and a URL has those percent-encoded that are not UTF-8.
  package func reference(_ name: String) -> String? {
    guard let text = self[name] else { return nil }
    // Where they are not, text has this in their place.
    guard text.unicodeScalars.contains("\u{FFFD}"), let bytes = bytes(of: name),
      String(validating: bytes, as: UTF8.self) == nil
    else { return text }
    var encoded: [UInt8] = []
    for byte in bytes { if byte < 0x80 { encoded.append(byte) } else { encoded.append(percentEncoding: byte) } }
    return String(decoding: encoded, as: UTF8.self)
  }
}

extension HTTPField {
  /// The bytes of the value, which need not be UTF-8.
  package var bytes: [UInt8] {
    // Copied during the call.
    unsafe withUnsafeBytesOfValue { unsafe [UInt8]($0) }
  }
}

extension HTTPFields {
  /// The values of all fields of a name as one, byte for byte (RFC 9110 §5.3; RFC 6265bis §5.8.3 for cookies).
  package func bytes(of name: HTTPField.Name) -> [UInt8]? {
    let values = self[fields: name].map(\.bytes)
    return values.isEmpty ? nil : Array(values.joined(separator: (name == .cookie ? "; " : ", ").utf8))
  }
}
