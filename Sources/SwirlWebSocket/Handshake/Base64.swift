/// The form of keys (RFC 4648 §4).
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The number of bytes that the text stands for; nil if it is not of this form.
  static func decodedCount(_ text: String) -> Int? {
    let bytes = Array(text.utf8)
    guard bytes.count % 4 == 0 else { return nil }
    let padding = bytes.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard bytes.dropLast(padding).allSatisfy(alphabet.contains) else { return nil }
    return bytes.count / 4 * 3 - padding
  }
}
