/// The value of a `Refresh` field, or of `<meta http-equiv=refresh>`: a delay and a target (HTML §4.2.5.3, the shared
/// declarative refresh steps).
enum Refresh {
  /// The URL in it; nil if it means the page itself, or is malformed.
  static func url(in value: String) -> String? {
    var rest = value.utf8[...]
    func skipBlanks() { rest = rest.drop(while: \.isHTMLBlank) }
    skipBlanks()
    let time = rest.prefix { $0.isDigit || $0 == UInt8(ascii: ".") }
    guard let first = time.first, first.isDigit || rest.first == UInt8(ascii: ".") else { return nil }
    rest = rest[time.endIndex...]
    guard let next = rest.first, next == UInt8(ascii: ";") || next == UInt8(ascii: ",") || next.isHTMLBlank else {
      return nil
    }
    skipBlanks()
    if let next = rest.first, next == UInt8(ascii: ";") || next == UInt8(ascii: ",") { rest.removeFirst() }
    skipBlanks()
    // `url =` may be missing.
    let behindName = rest.dropFirst(3).drop(while: \.isHTMLBlank)
    if rest.prefix(3).map(\.lowercased).elementsEqual("url".utf8), behindName.first == UInt8(ascii: "=") {
      rest = behindName.dropFirst().drop(while: \.isHTMLBlank)
    }
    if let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      rest.removeFirst()
      rest = rest.prefix { $0 != quote }
    }
    return rest.isEmpty ? nil : String(rest)
  }
}
