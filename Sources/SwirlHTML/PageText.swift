internal import SwirlContent

/// The text of a page that may declare its own character set.
struct PageText {
  /// The page in UTF-8, without a byte order mark.
  private(set) var utf8: [UInt8]
  /// Encodes the queries of its links; nil for UTF-8.
  let queries: QueryEncoder?

  /// - Parameter charset: that of the Content-Type field. A byte order mark overrides it; it overrides the page's own
  ///   declaration.
  init(_ bytes: [UInt8], charset: String?) {
    let isMarked = [[0xEF, 0xBB, 0xBF], [0xFE, 0xFF], [0xFF, 0xFE]].contains { bytes.starts(with: $0) }
    if isMarked, let text = TextDecoding.decode(bytes, charset: "utf-8") {
      utf8 = Array(text.utf8)
      queries = nil
    } else if let charset, let text = TextDecoding.decode(bytes, charset: charset) {
      utf8 = Array(text.utf8)
      queries = QueryEncoder(charset: charset)
    } else if let charset = CharsetPrescan.charset(of: bytes, isKnown: { TextDecoding.decode([], charset: $0) != nil })
    {
      utf8 = TextDecoding.decode(bytes, charset: charset).map { Array($0.utf8) } ?? bytes
      queries = QueryEncoder(charset: charset)
    } else if String(validating: bytes, as: UTF8.self) != nil {
      utf8 = bytes
      queries = nil
    } else {
      utf8 = Array((TextDecoding.decode(bytes, charset: "windows-1252") ?? "").utf8)
      queries = QueryEncoder(charset: "windows-1252")
    }
    if utf8.starts(with: [0xEF, 0xBB, 0xBF]) { utf8.removeFirst(3) }
  }

  static func charset(ofContentType field: String) -> String? { TextDecoding.charset(ofContentType: field) }
}
