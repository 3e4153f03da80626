extension DNSName {
  /// A name from text, such as `example.com` or `example.com.`, which are the same.
  ///
  /// `\.` is a dot in a label, and `\065` the byte with that number (RFC 1035 §5.1).
  /// - Throws: ``NameError`` with the code `.badName`.
  public init(_ text: String) throws(NameError) {
    do { self.init(wire: try Self.parse(text)) } catch {
      throw NameError(.badName, text.debugDescription, reason: error.reason)
    }
  }

  /// Why a text is no name.
  private struct Mistake: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
  }

  private static func parse(_ text: String) throws(Mistake) -> [UInt8] {
    if let wire = parsePlain(text) { return wire }
    let bytes = Array(text.utf8)
    if bytes.isEmpty { throw Mistake("the name is empty: write . for the root") }
    if bytes == [.dot] { return [0] }
    var wire: [UInt8] = [0]
    wire.reserveCapacity(bytes.count + 2)
    var (label, index) = (0, 0)
    /// Ends the label that begins at `label`.
    func endLabel() throws(Mistake) {
      let length = wire.count - label - 1
      if length == 0 { throw Mistake("a label is empty: two dots, or one at the start") }
      if length > 63 { throw Mistake("a label has at most 63 bytes, one of these has \(length)") }
      wire[label] = UInt8(length)
      label = wire.count
      wire.append(0)
    }
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == .dot {
        try endLabel()
        continue
      }
      if byte >= 0x80 {
        throw Mistake("it has letters outside of ASCII: write it in Punycode, as xn--bcher-kva.example")
      }
      if byte <= 0x20 || byte == 0x7F {
        throw Mistake("it has a blank or a control character: check where it comes from")
      }
      wire.append(byte == .backslash ? try escaped(bytes, &index) : byte)
      if wire.count > 1024 { break }
    }
    if wire.count - label > 1 { try endLabel() }
    if wire.count > maximumLength { throw Mistake("a name has at most 253 characters, this one has more") }
    return wire
  }

  /// A name without escapes and without a mistake; nil for all others.
  private static func parsePlain(_ text: String) -> [UInt8]? {
    var text = text
    // A string's own bytes: its iterator costs more than all the rest.
    return text.withUTF8 { unsafe parsePlain($0.span) }
  }

  private static func parsePlain(_ text: Span<UInt8>) -> [UInt8]? {
    let count = text.count
    guard count > 0, count < maximumLength - 1 else { return nil }
    // Each byte in its place, behind that of the first length; places cost less than appending.
    var wire = [UInt8](repeating: 0, count: count + 2)
    var (label, place) = (0, 1)
    for index in text.indices {
      let byte = text[index]
      if byte == .dot {
        let length = place - label - 1
        guard length > 0, length <= 63 else { return nil }
        wire[label] = UInt8(truncatingIfNeeded: length)
        label = place
      } else {
        guard byte > 0x20, byte < 0x7F, byte != .backslash else { return nil }
        wire[place] = byte
      }
      place += 1
    }
    let length = place - label - 1
    guard length <= 63 else { return nil }
    wire[label] = UInt8(truncatingIfNeeded: length)
    // With a dot at its end it has its end already.
    if length == 0 { wire.removeLast() }
    return wire.count == 1 ? nil : wire
  }

  private static func escaped(_ bytes: [UInt8], _ index: inout Int) throws(Mistake) -> UInt8 {
    guard index < bytes.count else { throw Mistake("a backslash at the end escapes nothing") }
    guard bytes[index].isDigit else {
      defer { index += 1 }
      return bytes[index]
    }
    let digits = bytes[index...].prefix(3).prefix { $0.isDigit }
    let number = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    guard digits.count == 3, let byte = UInt8(exactly: number) else {
      throw Mistake("an escape is a backslash with three digits up to 255, as \\046, or with another character")
    }
    index += 3
    return byte
  }

  /// The name as text without the dot at its end: what a user of a host name writes. The root is `.`.
  ///
  /// Dots in labels, blanks and other special bytes are escaped (RFC 1035 §5.1), so that this never has a control
  /// character.
  public var text: String {
    if isRoot { return "." }
    var text: [UInt8] = []
    text.reserveCapacity(wire.count)
    var start = 0
    while wire[start] > 0 {
      if start > 0 { text.append(.dot) }
      let end = start + 1 + Int(wire[start])
      for index in start + 1..<end { Self.append(wire[index], to: &text) }
      start = end
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func append(_ byte: UInt8, to text: inout [UInt8]) {
    switch byte {
    case .dot, .backslash, UInt8(ascii: "\""), UInt8(ascii: ";"), UInt8(ascii: "("), UInt8(ascii: ")"),
      UInt8(ascii: "@"),
      UInt8(ascii: "$"):
      text += [.backslash, byte]
    case 0x21...0x7E: text.append(byte)
    default: text += [.backslash, 0x30 + byte / 100, 0x30 + byte / 10 % 10, 0x30 + byte % 10]
    }
  }

  /// The name in lower case.
  var lowercased: DNSName { DNSName(wire: wire.map(\.folded)) }
}

extension DNSName: CustomStringConvertible, ExpressibleByStringLiteral {
  /// The same as ``text``.
  public var description: String { text }

  /// A name that is written in the program; traps if it is not one.
  public init(stringLiteral text: String) {
    do { try self.init(text) } catch { fatalError("\(error)") }
  }
}

extension UInt8 {
  static let dot = UInt8(ascii: ".")
  static let backslash = UInt8(ascii: "\\")
  var isDigit: Bool { self &- 0x30 < 10 }
}
