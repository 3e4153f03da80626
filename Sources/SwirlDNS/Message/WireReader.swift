/// Reads the parts of a message: numbers, bytes and names, and never behind its end.
struct WireReader {
  let message: [UInt8]
  /// Where the next part begins.
  private(set) var offset: Int
  /// Where the parts that may be read end: the message's end, or that of a record's content.
  private(set) var end: Int
  /// A name that is known to begin behind the header: the question's. Records share it.
  var question: DNSName?

  /// Pointers to follow in a name: more than any name of 127 labels needs.
  private static let maximumPointers = 126
  /// Where a question's name begins: behind the header.
  static let questionOffset = 12

  init(_ message: [UInt8], at offset: Int = 0) {
    self.message = message
    self.offset = offset
    end = message.count
  }

  var remaining: Int { end - offset }

  // MARK: - Numbers and bytes

  mutating func byte() throws(MessageError) -> UInt8 {
    guard offset < end else { throw cut() }
    defer { offset += 1 }
    return message[offset]
  }

  mutating func uint16() throws(MessageError) -> UInt16 {
    guard remaining >= 2 else { throw cut() }
    defer { offset += 2 }
    return UInt16(message[offset]) << 8 | UInt16(message[offset + 1])
  }

  mutating func uint32() throws(MessageError) -> UInt32 {
    guard remaining >= 4 else { throw cut() }
    defer { offset += 4 }
    return UInt32(message[offset]) << 24 | UInt32(message[offset + 1]) << 16 | UInt32(message[offset + 2]) << 8
      | UInt32(message[offset + 3])
  }

  mutating func bytes(_ count: Int) throws(MessageError) -> [UInt8] {
    guard count <= remaining else { throw cut() }
    defer { offset += count }
    return Array(message[offset..<offset + count])
  }

  /// A character string: its length, and as many bytes (RFC 1035 §3.3).
  mutating func string() throws(MessageError) -> [UInt8] { try bytes(Int(try byte())) }

  mutating func rest() throws(MessageError) -> [UInt8] { try bytes(remaining) }

  /// Reads the content of a record, all of it, with `read`.
  mutating func content<Content>(
    _ count: Int, _ read: (inout WireReader) throws(MessageError) -> Content
  ) throws(MessageError) -> Content {
    guard count <= remaining else { throw cut() }
    let outerEnd = end
    end = offset + count
    let content = try read(&self)
    guard offset == end else { throw MessageError(.badRecord, at: offset, "a record has bytes behind its content") }
    end = outerEnd
    return content
  }

  private func cut() -> MessageError {
    end < message.count
      ? MessageError(.badRecord, at: offset, "a record ends within its content")
      : MessageError(.cut, at: offset, "the message is cut")
  }

  // MARK: - Names

  /// A name, whose end may be elsewhere (RFC 1035 §4.1.4).
  ///
  /// Each pointer must point before the labels that it ends, so that this ends whatever the message says.
  mutating func name() throws(MessageError) -> DNSName {
    if let question, offset + 1 < end, message[offset] == 0xC0, message[offset + 1] == Self.questionOffset {
      offset += 2
      return question
    }
    var wire: [UInt8] = []
    var (place, start, pointers) = (offset, offset, 0)
    /// Behind the name; nil before the first pointer. Pointers may lead out of a record's content, not of the message.
    var next: Int?
    while true {
      guard place < (next == nil ? end : message.count) else { throw cutName(place) }
      let length = message[place]
      switch length {
      case 0:
        wire.append(0)
        offset = next ?? place + 1
        return DNSName(wire: wire)
      case 1...63:
        let after = place + 1 + Int(length)
        guard after <= (next == nil ? end : message.count) else { throw cutName(place) }
        guard wire.count + Int(length) + 2 <= DNSName.maximumLength else {
          throw MessageError(.badName, at: offset, "a name has more than 255 bytes")
        }
        if wire.isEmpty { wire.reserveCapacity(32) }
        wire += message[place..<after]
        place = after
      case 0xC0...:
        guard place + 1 < (next == nil ? end : message.count) else { throw cutName(place) }
        let target = Int(length & 0x3F) << 8 | Int(message[place + 1])
        pointers += 1
        guard target < start, target >= Self.questionOffset, pointers <= Self.maximumPointers else {
          throw MessageError(.badPointer, at: place, "a compression pointer does not point backwards")
        }
        if next == nil { next = place + 2 }
        place = target
        start = target
      default: throw MessageError(.badName, at: place, "a label of an unknown kind")
      }
    }
  }

  private func cutName(_ place: Int) -> MessageError {
    end < message.count
      ? MessageError(.badRecord, at: place, "a record ends within a name")
      : MessageError(.cut, at: place, "the message is cut within a name")
  }

  /// Reads past a name that is not compressed and is `name` byte by byte; otherwise does nothing, and returns false.
  mutating func skip(_ name: DNSName) -> Bool {
    guard remaining >= name.wire.count else { return false }
    for index in name.wire.indices where message[offset + index] != name.wire[index] { return false }
    offset += name.wire.count
    return true
  }
}
