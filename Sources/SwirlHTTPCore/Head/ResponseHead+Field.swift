package import HTTPTypes

extension ResponseHead {
  /// Copies the value of `name` byte for byte into a field to send; nil without a value, or if it has a control
  /// character, which must not be sent (RFC 9110 §5.5).
  package func field(_ name: String, as sent: HTTPField.Name) -> HTTPField? {
    guard let value = bytes(of: name), HTTPField.isValidValue(value) else { return nil }
    return HTTPField(name: sent, value: value)
  }

  /// The URL reference in the field `name`, with bytes that are not UTF-8 percent-encoded.
  package func reference(_ name: String) -> String? {
    guard let text = self[name] else { return nil }
    // Text has U+FFFD in place of invalid bytes.
    guard text.unicodeScalars.contains("\u{FFFD}"), let bytes = bytes(of: name),
      String(validating: bytes, as: UTF8.self) == nil
    else { return text }
    var encoded: [UInt8] = []
    for byte in bytes { if byte < 0x80 { encoded.append(byte) } else { encoded.append(percentEncoding: byte) } }
    return String(decoding: encoded, as: UTF8.self)
  }
}

extension HTTPField {
  /// The bytes of the value, which may not be UTF-8.
  package var bytes: [UInt8] {
    // The pointer is valid during the call; copies the bytes.
    unsafe withUnsafeBytesOfValue { unsafe [UInt8]($0) }
  }
}

extension HTTPFields {
  /// The values of all fields of a name, joined, byte for byte (RFC 9110 §5.3; RFC 6265bis §5.8.3 for cookies).
  package func bytes(of name: HTTPField.Name) -> [UInt8]? {
    let values = self[fields: name].map(\.bytes)
    return values.isEmpty ? nil : Array(values.joined(separator: (name == .cookie ? "; " : ", ").utf8))
  }
}
