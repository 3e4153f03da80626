/// The content codings that are decoded here (RFC 9110 §8.4.1, RFC 7932, RFC 8878).
enum ContentCoding: String {
  case gzip
  case deflate
  case br
  case zstd

  /// How many codings may be one in the other. Nobody sends more than two in earnest.
  static let maximumCount = 3

  /// The codings in the value of a `Content-Encoding` field, in the order in which they were applied, without `identity`.
  static func list(_ field: String) throws(ContentError) -> [ContentCoding] {
    var codings: [ContentCoding] = []
    for element in field.utf8.split(separator: UInt8(ascii: ",")) {
      let name = Substring(element).trimmed.lowercased()
      // A list may have empty elements (RFC 9110 §5.6.1).
      if name.isEmpty || name == "identity" { continue }
      guard let coding = ContentCoding(rawValue: name == "x-gzip" ? "gzip" : name) else {
        let shown = String(name.prefix(40))
        throw ContentError(
          .unsupportedCoding, shown,
          "the content coding \(shown.debugDescription) is not known: ask for gzip, deflate, br or zstd (RFC 9110 §8.4)"
        )
      }
      codings.append(coding)
      guard codings.count <= maximumCount else {
        throw ContentError(
          .tooManyCodings, String(field.prefix(80)),
          "more than \(maximumCount) content codings one in the other: send the content with one (RFC 9110 §8.4)")
      }
    }
    return codings
  }

  /// Removes this coding.
  func makeLayer() throws(ContentError) -> any CodingLayer {
    switch self {
    case .gzip, .deflate: try InflateLayer(self)
    case .br: try BrotliLayer()
    case .zstd: try ZstdLayer()
    }
  }

  func corrupt(_ reason: String) -> ContentError {
    ContentError(
      .corrupt, rawValue, "the content is not valid \(self): \(reason); ask for it again, or with another coding")
  }

  var trailingData: ContentError {
    ContentError(
      .trailingData, rawValue,
      "bytes follow the end of the \(self) content: the sender's framing or its Content-Encoding is wrong")
  }

  var incomplete: ContentError {
    ContentError(
      .incomplete, rawValue, "the \(self) content ended before it was complete: ask for it again")
  }

  var outOfMemory: ContentError {
    ContentError(.outOfMemory, rawValue, "no memory to decode \(self): decode less at once")
  }
}
