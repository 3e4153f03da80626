import HTTPTypes

extension HTTPFields {
  /// The fields that describe the content of a response.
  static let ofContent: [HTTPField.Name] = [
    .contentType, .contentEncoding, .contentLanguage, .contentLength, .contentRange, .acceptRanges, .contentDisposition,
  ]

  private static let ofVersion: [HTTPField.Name] = [.eTag, .lastModified, .cacheControl, .expires]

  /// The fields that hold for an error in the place of the content, too: cookies, those of CORS and of security.
  var beyondContent: HTTPFields {
    filter { !Self.ofContent.contains($0.name) && !Self.ofVersion.contains($0.name) }
  }
}
