/// The character set that a page declares (HTML §13.2.3.2): that of the first `<meta>` with one, in the first 1024
/// bytes. Tags in comments do not count, and a `content` counts only beside `http-equiv=content-type`.
struct CharsetPrescan {
  private let bytes: ArraySlice<UInt8>
  private var index = 0

  /// - Returns: nil if it declares no known character set. A page whose declaration is readable as ASCII is not in
  ///   UTF-16, even if it declares that.
  static func charset(of page: [UInt8], isKnown: (String) -> Bool) -> String? {
    var prescan = CharsetPrescan(bytes: page.prefix(1024))
    while prescan.index < prescan.bytes.count {
      guard let name = prescan.nextMeta() else { continue }
      let charset =
        name.lowercased().hasPrefix("utf-16") ? "utf-8" : name.lowercased() == "x-user-defined" ? "windows-1252" : name
      if isKnown(charset) { return charset }
    }
    return nil
  }

  private init(bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  /// Skips the next tag, comment or byte. Returns the declaration of a `<meta>`.
  private mutating func nextMeta() -> String? {
    guard bytes[index] == UInt8(ascii: "<") else {
      index += 1
      return nil
    }
    if has("<!--") {
      // The same dashes may open and close the comment.
      index += 2
      while index < bytes.count, !has("-->") { index += 1 }
      index += 3
      return nil
    }
    if has("<meta"), byte(5).isHTMLBlank || byte(5) == UInt8(ascii: "/") {
      index += 5
      return meta()
    }
    let isEnd = byte(1) == UInt8(ascii: "/")
    if byte(isEnd ? 2 : 1).isLetter {
      while index < bytes.count, !bytes[index].isHTMLBlank, bytes[index] != UInt8(ascii: ">") { index += 1 }
      while attribute() != nil {}
    } else if isEnd || byte(1) == UInt8(ascii: "!") || byte(1) == UInt8(ascii: "?") {
      while index < bytes.count, bytes[index] != UInt8(ascii: ">") { index += 1 }
    } else {
      index += 1
    }
    return nil
  }

  private mutating func meta() -> String? {
    var (names, isContentType): (Set<String>, Bool) = ([], false)
    var (charset, content): (String?, String?)
    while let (name, value) = attribute() {
      guard names.insert(name).inserted else { continue }
      switch name {
      case "http-equiv": isContentType = value.lowercased() == "content-type"
      case "content": content = Self.charset(inContent: Array(value.utf8))
      case "charset": charset = value
      default: break
      }
    }
    return charset ?? (isContentType ? content : nil)
  }

  /// The value behind `charset=` (the algorithm for extracting a character encoding from a meta element).
  private static func charset(inContent text: [UInt8]) -> String? {
    let word = Array("charset".utf8)
    var index = 0
    while true {
      guard index + word.count <= text.count else { return nil }
      guard text[index..<index + word.count].elementsEqual(word, by: { $0.lowercased == $1 }) else {
        index += 1
        continue
      }
      index += word.count
      let behind = text[index...].drop(while: \.isHTMLBlank)
      guard behind.first == UInt8(ascii: "=") else { continue }
      let value = behind.dropFirst().drop(while: \.isHTMLBlank)
      guard let quote = value.first else { return nil }
      if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
        guard let end = value.dropFirst().firstIndex(of: quote) else { return nil }
        return String(decoding: value.dropFirst()[..<end], as: UTF8.self)
      }
      return String(decoding: value.prefix { !$0.isHTMLBlank && $0 != UInt8(ascii: ";") }, as: UTF8.self)
    }
  }

  /// The next attribute of a tag, in lower case; nil at the tag's end, which it skips.
  private mutating func attribute() -> (name: String, value: String)? {
    while index < bytes.count, bytes[index].isHTMLBlank || bytes[index] == UInt8(ascii: "/") { index += 1 }
    guard index < bytes.count, bytes[index] != UInt8(ascii: ">") else { return nil }
    var name: [UInt8] = []
    while index < bytes.count, !bytes[index].endsTagName, bytes[index] != UInt8(ascii: "=") || name.isEmpty {
      name.append(bytes[index].lowercased)
      index += 1
    }
    while index < bytes.count, bytes[index].isHTMLBlank { index += 1 }
    var value: [UInt8] = []
    if byte(0) == UInt8(ascii: "=") {
      index += 1
      while index < bytes.count, bytes[index].isHTMLBlank { index += 1 }
      let quote = byte(0)
      if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
        index += 1
        while index < bytes.count, bytes[index] != quote {
          value.append(bytes[index])
          index += 1
        }
        index += 1
      } else {
        while index < bytes.count, !bytes[index].isHTMLBlank, bytes[index] != UInt8(ascii: ">") {
          value.append(bytes[index])
          index += 1
        }
      }
    }
    return (String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
  }

  private func byte(_ offset: Int) -> UInt8 { index + offset < bytes.count ? bytes[index + offset] : 0 }

  private func has(_ text: StaticString) -> Bool {
    for (offset, wanted) in text.description.utf8.enumerated() where byte(offset).lowercased != wanted { return false }
    return true
  }
}
