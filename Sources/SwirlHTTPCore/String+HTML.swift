extension StringProtocol {
  /// The text with `&`, `<`, `>` and quotation marks as character references: what a page shows is this text, in an
  /// element as in an attribute between quotation marks. In a script, a style sheet and an attribute without quotation
  /// marks it is no protection, and a URL may still be `javascript:`. Python: `html.escape`; Tornado: `xhtml_escape`.
  ///
  /// ```swift
  /// .html("<p>Hello \(name.htmlEscaped)")
  /// ```
  public var htmlEscaped: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(utf8.count)
    for byte in utf8 {
      switch byte {
      case UInt8(ascii: "&"): bytes += "&amp;".utf8
      case UInt8(ascii: "<"): bytes += "&lt;".utf8
      case UInt8(ascii: ">"): bytes += "&gt;".utf8
      case UInt8(ascii: "\""): bytes += "&quot;".utf8
      case UInt8(ascii: "'"): bytes += "&#39;".utf8
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
