/// Receives the tags and the text of a page, in order.
protocol TagReader: AnyObject {
  /// Whether it needs text; if not, the tokenizer skips text.
  var wantsText: Bool { get }
  func start(_ tag: StartTag)
  func end(_ name: String)
  func text(_ text: [UInt8])
}

/// The HTML standard's tokenizer (HTML §13.2.5), without a tree: it reports each token and keeps nothing.
///
/// It tracks only the tree state that changes tokenizing: elements with raw text content, and the borders of SVG and
/// MathML (``ForeignContent``). Scripts do not run. Its time is linear in the length of any page.
struct HTMLTokenizer {
  let bytes: [UInt8]
  var index = 0
  var tag = StartTag()
  var foreign = ForeignContent()

  /// - Parameter page: in UTF-8.
  static func parse(_ page: [UInt8], _ reader: some TagReader) {
    var tokenizer = HTMLTokenizer(bytes: page)
    while tokenizer.index < page.count { tokenizer.next(reader) }
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// The data state: reads text up to the next tag or comment, and that tag or comment.
  private mutating func next(_ reader: some TagReader) {
    let start = index
    while index < bytes.count, bytes[index] != UInt8(ascii: "<") { index += 1 }
    if index > start, reader.wantsText { reader.text(CharacterReferences.decode(bytes[start..<index])) }
    guard index < bytes.count else { return }
    let sign = byte(at: index + 1)
    if sign.isLetter {
      index += 1
      startTag(reader)
    } else if sign == UInt8(ascii: "/"), byte(at: index + 2).isLetter {
      index += 2
      endTag(reader)
    } else if sign == UInt8(ascii: "/") || sign == UInt8(ascii: "?") {
      // An unknown construct: a comment up to the next `>`.
      skip(behind: UInt8(ascii: ">"), from: index + 2)
    } else if sign == UInt8(ascii: "!") {
      index += 2
      declaration(reader)
    } else {
      if reader.wantsText { reader.text([UInt8(ascii: "<")]) }
      index += 1
    }
  }

  /// 0 beyond the end: a NUL counts as text in every state.
  func byte(at index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

  private mutating func skip(behind end: UInt8, from start: Int) {
    index = start
    while index < bytes.count, bytes[index] != end { index += 1 }
    index += 1
  }

  // MARK: - Declarations

  /// Behind `<!`. A DOCTYPE ends at the next `>`, even one within quotes, and so does an unknown declaration.
  private mutating func declaration(_ reader: some TagReader) {
    if byte(at: index) == UInt8(ascii: "-"), byte(at: index + 1) == UInt8(ascii: "-") {
      index += 2
      comment()
    } else if foreign.isCurrent, hasText("[CDATA[", at: index) {
      let start = index + 7
      index = start
      while index < bytes.count, !hasText("]]>", at: index) { index += 1 }
      if reader.wantsText { reader.text(Array(bytes[min(start, bytes.count)..<index])) }
      index += 3
    } else {
      skip(behind: UInt8(ascii: ">"), from: index)
    }
  }

  /// Behind `<!--`: up to `-->` or `--!>`, whose dashes may be the opening ones; `>` or `->` ends it at once.
  private mutating func comment() {
    if byte(at: index) == UInt8(ascii: ">") || hasText("->", at: index) {
      index += byte(at: index) == UInt8(ascii: ">") ? 1 : 2
      return
    }
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "-") {
        if hasText("-->", at: index) {
          index += 3
          return
        }
        if hasText("--!>", at: index) {
          index += 4
          return
        }
      }
      index += 1
    }
  }

  func hasText(_ text: StaticString, at start: Int) -> Bool {
    guard start + text.utf8CodeUnitCount <= bytes.count else { return false }
    for (offset, wanted) in text.description.utf8.enumerated() where bytes[start + offset] != wanted { return false }
    return true
  }

  // MARK: - Tags

  /// At the first letter of its name. A tag without an end before the end of the page is dropped.
  private mutating func startTag(_ reader: some TagReader) {
    tag.name = tagName()
    let isWanted = StartTag.isRead(tag.name)
    guard attributes(kept: isWanted) else { return }
    let isForeign = foreign.start(tag)
    tag.isForeign = isForeign
    tag.isSVG = isForeign && foreign.isSVG
    if isWanted { reader.start(tag) }
    guard !isForeign else { return }
    switch tag.name {
    case "title", "textarea": rawText(reader, hasReferences: true)
    case "style", "xmp", "iframe", "noembed", "noframes": rawText(reader, hasReferences: false)
    case "script": script()
    case "plaintext": index = bytes.count
    default: break
    }
  }

  private mutating func endTag(_ reader: some TagReader) {
    let name = tagName()
    guard attributes(kept: false) else { return }
    foreign.end(name)
    reader.end(name)
  }

  /// Reads up to a blank, `/` or `>`, with ASCII letters in lower case. It cuts a name that is longer than all known
  /// ones.
  private mutating func tagName() -> String {
    var name: [UInt8] = []
    while index < bytes.count, !bytes[index].endsTagName {
      if name.count < 16 { name.append(bytes[index].lowercased) }
      index += 1
    }
    return String(decoding: name, as: UTF8.self)
  }

  /// From behind a tag's name to behind its `>`.
  /// - Returns: whether it had an end.
  private mutating func attributes(kept: Bool) -> Bool {
    tag.forgetAttributes()
    while index < bytes.count {
      let byte = bytes[index]
      if byte.isHTMLBlank {
        index += 1
      } else if byte == UInt8(ascii: ">") {
        index += 1
        return true
      } else if byte == UInt8(ascii: "/") {
        index += 1
        if self.byte(at: index) == UInt8(ascii: ">") { tag.isSelfClosing = true }
      } else {
        attribute(kept: kept)
      }
    }
    return false
  }

  private mutating func attribute(kept: Bool) {
    let start = index
    // An equals sign that begins a name is part of it.
    index += 1
    while index < bytes.count, !bytes[index].endsTagName, bytes[index] != UInt8(ascii: "=") { index += 1 }
    let name = start..<index
    var value = index..<index
    while index < bytes.count, bytes[index].isHTMLBlank { index += 1 }
    if byte(at: index) == UInt8(ascii: "=") {
      index += 1
      while index < bytes.count, bytes[index].isHTMLBlank { index += 1 }
      value = attributeValue()
    }
    if kept { tag.note(bytes, name, value) }
  }

  private mutating func attributeValue() -> Range<Int> {
    let quote = byte(at: index)
    if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      let start = min(index + 1, bytes.count)
      index = start
      while index < bytes.count, bytes[index] != quote { index += 1 }
      let end = index
      index = min(index + 1, bytes.count)
      return start..<end
    }
    let start = index
    while index < bytes.count, !bytes[index].isHTMLBlank, bytes[index] != UInt8(ascii: ">") { index += 1 }
    return start..<index
  }

  // MARK: - Content that is no markup

  /// Reads up to the end tag of the element that has just begun, and leaves that tag unread.
  private mutating func rawText(_ reader: some TagReader, hasReferences: Bool) {
    let start = index
    while index < bytes.count, !isEndTag(tag.name, at: index) { index += 1 }
    guard reader.wantsText else { return }
    reader.text(hasReferences ? CharacterReferences.decode(bytes[start..<index]) : Array(bytes[start..<index]))
  }

  /// A script may contain a comment with a nested script, whose end tag does not end the outer one (§13.2.5.20 and
  /// after it).
  private mutating func script() {
    var (isInComment, isInScript) = (false, false)
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "<"):
        if isEndTag("script", at: index) {
          if !isInScript { return }
          isInScript = false
        } else if !isInComment, hasText("<!--", at: index) {
          // `<!-->` and `<!--->` are complete comments: the opening dashes also close them.
          isInComment = true
          index += 1
        } else if isInComment, isTag("script", at: index + 1) {
          isInScript = true
        }
      case UInt8(ascii: "-"):
        if isInComment, hasText("-->", at: index) { (isInComment, isInScript) = (false, false) }
      default: break
      }
      index += 1
    }
  }

  private func isEndTag(_ name: String, at start: Int) -> Bool {
    bytes[start] == UInt8(ascii: "<") && byte(at: start + 1) == UInt8(ascii: "/") && isTag(name, at: start + 2)
  }

  /// Whether this name is at `start`, in either case, followed by its end.
  private func isTag(_ name: String, at start: Int) -> Bool {
    var index = start
    for wanted in name.utf8 {
      guard byte(at: index).lowercased == wanted else { return false }
      index += 1
    }
    return index < bytes.count && bytes[index].endsTagName
  }
}

extension UInt8 {
  var isLetter: Bool { self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "z") }
  var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
  var lowercased: UInt8 { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self }
  /// HTML's white space: tab, line feed, form feed, carriage return, space.
  var isHTMLBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0C || self == 0x0D }
  var endsTagName: Bool { isHTMLBlank || self == UInt8(ascii: "/") || self == UInt8(ascii: ">") }
}
