internal import SwirlContent

/// The text of a page whose character set may be told by the page itself.
enum PageText {
  /// The page in UTF-8, without NUL.
  static func utf8(_ bytes: [UInt8], charset: String?) -> [UInt8] {
    let text =
      charset.flatMap { TextDecoding.decode(bytes, charset: $0) }
      ?? declaredCharset(bytes).flatMap { TextDecoding.decode(bytes, charset: $0) }
    var result: [UInt8]
    if let text {
      result = Array(text.utf8)
    } else if String(validating: bytes, as: UTF8.self) != nil {
      result = bytes
    } else {
      result = Array((TextDecoding.decode(bytes, charset: "windows-1252") ?? "").utf8)
    }
    // The Encoding standard's mark, which is no text; and the parser is a C library.
    if result.starts(with: [0xEF, 0xBB, 0xBF]) { result.removeFirst(3) }
    for index in result.indices where result[index] == 0 { result[index] = 0x20 }
    return result
  }

  static func charset(ofContentType field: String) -> String? { TextDecoding.charset(ofContentType: field) }

  /// What stands behind `charset=` in the first `<meta>` of the first 1024 bytes that has it, or "utf-8" for a page that begins with a byte order mark
  /// (HTML §13.2.3.2, in short).
  private static func declaredCharset(_ bytes: [UInt8]) -> String? {
    if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      return "utf-8"
    }
    let head = bytes.prefix(1024).map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    var start = 0
    while let meta = find("<meta", in: head, from: start) {
      // What belongs to other tags, as a script's, says nothing of the page.
      let end = head[meta...].firstIndex(of: UInt8(ascii: ">")) ?? head.count
      if let name = charset(in: Array(head[meta..<end])) { return name }
      start = end
    }
    return nil
  }

  private static func charset(in head: [UInt8]) -> String? {
    guard var index = find("charset", in: head, from: 0) else { return nil }
    index += 7
    func skipBlanks() { while index < head.count, [0x20, 0x09, 0x0A, 0x0C, 0x0D].contains(head[index]) { index += 1 } }
    skipBlanks()
    guard index < head.count, head[index] == UInt8(ascii: "=") else { return nil }
    index += 1
    skipBlanks()
    if index < head.count, head[index] == UInt8(ascii: "\"") || head[index] == UInt8(ascii: "'") { index += 1 }
    let name = head[index...].prefix { $0 > 0x20 && $0 < 0x7F && !"\"';/>".utf8.contains($0) }
    let charset = String(decoding: name, as: UTF8.self)
    // A page that could be read so far is not in UTF-16, whatever it says.
    return charset.isEmpty ? nil : charset.hasPrefix("utf-16") ? "utf-8" : charset
  }

  private static func find(_ word: String, in bytes: [UInt8], from start: Int) -> Int? {
    let word = Array(word.utf8)
    guard bytes.count - start >= word.count else { return nil }
    return (start...bytes.count - word.count).first { bytes[$0..<$0 + word.count].elementsEqual(word) }
  }
}
