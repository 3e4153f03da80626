/// Reads the header of a frame (RFC 6455 §5.2), however reads cut it. Each byte is checked when it comes.
struct FrameHeader {
  /// The bytes that are there, at most 14: the last is the lowest.
  private var bits: UInt128 = 0
  private var count: UInt8 = 0
  /// How many there will be.
  private var size: UInt8 = 2

  private(set) var isFinal = false
  private(set) var opcode = WebSocketOpcode.continuation
  /// The first reserved bit: on the first frame of a message it says that the message is compressed (RFC 7692 §6).
  private(set) var isCompressed = false
  private(set) var length = 0
  private(set) var key = MaskingKey.none

  /// Without a byte of the next header.
  var isIdle: Bool { count == 0 }

  /// - Returns: whether the header is whole.
  mutating func read(
    _ bytes: Span<UInt8>, from position: inout Int, _ rules: FrameRules
  ) throws(WebSocketError) -> Bool {
    if count == 0, bytes.count &- position >= 2 {
      try readKind(bytes[position], rules)
      try readLength(bytes[position &+ 1], rules)
      if bytes.count &- position >= Int(size) {
        try readWhole(bytes.extracting(position..<position &+ Int(size)), rules)
        position &+= Int(size)
        size = 2
        return true
      }
      size = 2
    }
    return try readCut(bytes, from: &position, rules)
  }

  /// A header that is there in one piece, behind its first two bytes: the usual case.
  @inline(__always)
  private mutating func readWhole(_ bytes: Span<UInt8>, _ rules: FrameRules) throws(WebSocketError) {
    // The loads are bounds-checked, and any pattern of bits is an integer.
    let bytes = unsafe bytes.bytes
    let key = unsafe rules.isMasked ? bytes.unsafeLoadUnaligned(fromByteOffset: Int(size) - 4, as: UInt32.self) : 0
    var long: UInt64 = 0
    if length == 126 {
      long = unsafe UInt64(UInt16(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 2, as: UInt16.self)))
    } else if length == 127 {
      long = unsafe UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 2, as: UInt64.self))
    }
    try complete(long, UInt32(bigEndian: key))
  }

  private mutating func readCut(
    _ bytes: Span<UInt8>, from position: inout Int, _ rules: FrameRules
  ) throws(WebSocketError) -> Bool {
    while position < bytes.count {
      let byte = bytes[position]
      position &+= 1
      bits = bits << 8 | UInt128(byte)
      count &+= 1
      if count == 1 {
        try readKind(byte, rules)
      } else if count == 2 {
        try readLength(byte, rules)
      }
      guard count == size else { continue }
      let long = UInt64(truncatingIfNeeded: rules.isMasked ? bits >> 32 : bits)
      try complete(length == 126 ? long & 0xFFFF : long, rules.isMasked ? UInt32(truncatingIfNeeded: bits) : 0)
      (bits, count, size) = (0, 0, 2)
      return true
    }
    return false
  }

  private mutating func readKind(_ byte: UInt8, _ rules: FrameRules) throws(WebSocketError) {
    guard let opcode = WebSocketOpcode(rawValue: byte & 0x0F) else {
      throw .violation("the opcode \(byte & 0x0F) is reserved (RFC 6455 §5.2)")
    }
    self.opcode = opcode
    isFinal = byte & 0x80 != 0
    isCompressed = byte & 0x40 != 0
    guard byte & 0x30 == 0, !isCompressed || rules.allowsCompression else {
      throw .violation("a reserved bit is set without an extension that defines it (RFC 6455 §5.2)")
    }
    switch opcode {
    case .close, .ping, .pong:
      guard isFinal else { throw .violation("a control frame is fragmented (RFC 6455 §5.5)") }
      guard !isCompressed else { throw .violation("a control frame is marked as compressed (RFC 7692 §6.1)") }
    case .continuation:
      guard rules.isInMessage else { throw .violation("a continuation without a message (RFC 6455 §5.4)") }
      guard !isCompressed else { throw .violation("a continuation is marked as compressed (RFC 7692 §6.1)") }
    case .text, .binary:
      guard !rules.isInMessage else { throw .violation("a new message before the end of the last (RFC 6455 §5.4)") }
    }
  }

  private mutating func readLength(_ byte: UInt8, _ rules: FrameRules) throws(WebSocketError) {
    let isMasked = byte & 0x80 != 0
    guard isMasked == rules.isMasked else {
      throw .violation(
        isMasked
          ? "a frame of the server is masked (RFC 6455 §5.1)" : "a frame of the client is not masked (RFC 6455 §5.1)")
    }
    length = Int(byte & 0x7F)
    guard !opcode.isControl || length <= 125 else {
      throw .violation("a control frame of more than 125 bytes (RFC 6455 §5.5)")
    }
    size = 2 + (length == 127 ? 8 : length == 126 ? 2 : 0) + (isMasked ? 4 : 0)
  }

  /// - Parameters:
  ///   - long: the length that follows the first two bytes, if one does.
  ///   - key: zero for a frame without a mask.
  private mutating func complete(_ long: UInt64, _ key: UInt32) throws(WebSocketError) {
    self.key = MaskingKey(key)
    guard length > 125 else { return }
    let isShort = length == 126
    guard let long = Int(exactly: long) else {
      throw .violation("the highest bit of a length is set (RFC 6455 §5.2)")
    }
    length = long
    guard length > (isShort ? 125 : 0xFFFF) else {
      throw .violation("a length is not in its shortest form (RFC 6455 §5.2)")
    }
  }
}

/// What the next frame may be.
struct FrameRules {
  /// Whether the peer masks: it is a client.
  var isMasked: Bool
  /// Whether permessage-deflate was agreed.
  var allowsCompression: Bool
  /// Whether a message was begun.
  var isInMessage: Bool
}
