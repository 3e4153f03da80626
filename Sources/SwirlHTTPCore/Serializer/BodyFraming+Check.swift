internal import HTTPTypes

extension BodyFraming {
  /// Checks that the program's Content-Length or Transfer-Encoding agrees with this framing. If so, the field need not
  /// be written twice.
  func checkAgrees(with field: HTTPField, _ kind: FramingField) throws(HTTPWireError) {
    switch (kind, self) {
    case (.contentLength, .contentLength(let length)) where field.value == String(length): return
    case (.transferEncoding, .chunked) where field.value.lowercased() == "chunked": return
    default:
      throw HTTPWireError(
        .contradictoryFraming,
        "\(field.name): \(field.value) contradicts the framing \(self): leave the field away (RFC 9112 §6)")
    }
  }

  func checkLength() throws(HTTPWireError) {
    if case .contentLength(let length) = self, length < 0 {
      throw HTTPWireError(.contradictoryFraming, "a content length of \(length) (RFC 9110 §8.6)")
    }
  }
}
