/// The supported content codings (RFC 9110 §8.4.1, RFC 7932, RFC 8878).
enum ContentCoding: String {
  case gzip
  case deflate
  case br
  case zstd

  /// The maximum number of nested codings. Real senders use two at most.
  static let maximumCount = 3

  /// The codings in the value of a `Content-Encoding` field, in the order in which they were applied, without
  /// `identity`.
  static func list(_ field: String) throws(ContentError) -> [ContentCoding] {
    var codings: [ContentCoding] = []
    for name in names(field) {
      guard let coding = ContentCoding(name: name) else {
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

  /// The names in the value of a `Content-Encoding` field, in lower case, without `identity`. A list may have empty
  /// elements (RFC 9110 §5.6.1).
  static func names(_ field: String) -> some Sequence<String> {
    field.utf8.split(separator: UInt8(ascii: ",")).lazy.map { Substring($0).trimmed.lowercased() }
      .filter { !$0.isEmpty && $0 != "identity" }
  }

  init?(name: String) { self.init(rawValue: name == "x-gzip" ? "gzip" : name) }

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
