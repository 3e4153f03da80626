/// Turns the bytes of a peer into messages and control frames (RFC 6455 §5), one event at a time.
///
/// Call `next` until it returns nil, then again with the next input. It copies what it needs, so the caller may reuse
/// its buffer. After an error send its code in a Close frame and close the connection: later calls throw the same
/// error. Bytes behind a Close frame are ignored (RFC 6455 §5.5.1).
package struct WebSocketReader {
  private enum State {
    /// Before or in the header of a frame.
    case header
    /// In its payload.
    case payload
    /// A Close frame came.
    case closed
    /// The peer broke a rule.
    case failed
  }

  /// The limits on the peer. They may change at any time.
  package var limits: WebSocketLimits

  let role: WebSocketRole
  let deflate: WebSocketDeflate.Agreed?
  private var state = State.header
  private var failure: WebSocketError?
  private var header = FrameHeader()
  /// Of the frame: the bytes that are still to come, and their key.
  private var remaining = 0
  private var key = MaskingKey.none

  // Of the message. Its buffer grows with what came: a length that was only announced costs nothing.
  private var isInMessage = false
  private var isText = false
  private var isCompressed = false
  var content: [UInt8] = []
  private var text = UTF8Check()
  /// Made with the first compressed message. Released with each of them, unless the next may refer to it.
  var inflater: Inflater?

  private var control: [UInt8] = []

  /// - Parameters:
  ///   - role: ours. A server wants frames with a mask, a client without.
  ///   - deflate: what was agreed in the handshake on permessage-deflate; nil without it.
  package init(role: WebSocketRole, limits: WebSocketLimits, deflate: WebSocketDeflate.Agreed?) {
    self.role = role
    self.limits = limits
    self.deflate = deflate
  }

  /// Whether no byte of a message is there: no frame, and no fragment.
  package var isIdle: Bool {
    if case .header = state { header.isIdle && !isInMessage } else { false }
  }

  /// The bytes of the last message. The reader has no copy.
  package mutating func takeContent() -> [UInt8] {
    var taken: [UInt8] = []
    swap(&taken, &content)
    return taken
  }

  /// The content of the last control frame; of a Close frame its reason.
  package mutating func takeControl() -> [UInt8] {
    var taken: [UInt8] = []
    swap(&taken, &control)
    return taken
  }

  /// The next event in `bytes` from `position`, which advances behind what was used; nil at their end.
  package mutating func next(
    _ bytes: Span<UInt8>, from position: inout Int
  ) throws(WebSocketError) -> WebSocketEvent? {
    do throws(WebSocketError) {
      if let event = try shortMessage(bytes, from: &position) { return event }
      while true {
        switch state {
        case .header:
          let rules = FrameRules(
            isMasked: role == .server, allowsCompression: deflate != nil, isInMessage: isInMessage)
          guard try header.read(bytes, from: &position, rules) else { return nil }
          try beginFrame()
          state = .payload
        case .payload:
          let count = min(remaining, bytes.count - position)
          if count > 0 {
            let piece = bytes.extracting(position..<position + count)
            position += count
            try receive(piece)
            remaining -= count
            key.advance(by: count)
          }
          guard remaining == 0 else { return nil }
          state = .header
          if let event = try endFrame() { return event }
        case .closed:
          position = bytes.count
          return nil
        case .failed: throw failure!
        }
      }
    } catch {
      state = .failed
      failure = error
      content = []
      inflater = nil
      throw error
    }
  }

  private mutating func beginFrame() throws(WebSocketError) {
    remaining = header.length
    key = header.key
    guard !header.opcode.isControl else {
      control = []
      return
    }
    guard remaining <= limits.frame else {
      throw .tooBig("a frame of \(remaining) bytes, more than the limit of \(limits.frame)")
    }
    if header.opcode != .continuation {
      isText = header.opcode == .text
      isCompressed = header.isCompressed
      isInMessage = true
      if !content.isEmpty { content = [] }
      text = UTF8Check()
    }
    // What is compressed is counted as it is inflated.
    guard isCompressed || remaining <= limits.message - content.count else {
      throw .tooBig("a message of more than the limit of \(limits.message) bytes")
    }
  }

  /// A message of a client in one frame of up to 125 bytes, all of which is there: the usual case, in which the header
  /// is right by a few comparisons.
  ///
  /// - Returns: nil, having read nothing, in any other case.
  @inline(__always)
  private mutating func shortMessage(
    _ bytes: Span<UInt8>, from position: inout Int
  ) throws(WebSocketError) -> WebSocketEvent? {
    guard state == .header, header.isIdle, !isInMessage, role == .server, bytes.count &- position >= 6 else {
      return nil
    }
    let (first, second) = (bytes[position], bytes[position &+ 1])
    // Final, without a reserved bit; masked, with a length that has no further bytes.
    guard first == 0x81 || first == 0x82, second & 0x80 != 0, second & 0x7F <= 125 else { return nil }
    let count = Int(second & 0x7F)
    guard count <= bytes.count &- position &- 6, count <= limits.frame, count <= limits.message else { return nil }
    // The load is bounds-checked, and any pattern of bits is an integer.
    let key = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: position &+ 2, as: UInt32.self)
    let start = position &+ 6
    position = start &+ count
    if !content.isEmpty { content = [] }
    let seen = content.append(bytes.extracting(start..<position), masked: MaskingKey(UInt32(bigEndian: key)))
    guard first == 0x81 else { return .binary }
    isText = true
    text = UTF8Check()
    try checkText(from: 0, isASCII: seen & 0x8080_8080_8080_8080 == 0)
    try checkTextIsComplete()
    return .text
  }

  private mutating func receive(_ piece: Span<UInt8>) throws(WebSocketError) {
    if header.opcode.isControl {
      _ = control.append(piece, masked: key)
    } else if !isCompressed {
      let start = content.count
      reserve(for: piece.count)
      let seen = content.append(piece, masked: key)
      try checkText(from: start, isASCII: seen & 0x8080_8080_8080_8080 == 0)
    } else if key == .none {
      try inflate(piece)
    } else {
      var unmasked: [UInt8] = []
      _ = unmasked.append(piece, masked: key)
      try inflate(unmasked.span)
    }
  }

  /// Room for a piece of a message in one frame: at most twice what came, and no more than the message needs.
  private mutating func reserve(for count: Int) {
    let needed = content.count + count
    guard header.isFinal, header.opcode != .continuation, content.capacity < needed else { return }
    content.reserveCapacity(min(content.count + remaining, 2 * needed))
  }

  /// Checks the content from `start`, at most up to the limit, if it is text.
  mutating func checkText(from start: Int, isASCII: Bool) throws(WebSocketError) {
    guard isText, !(isASCII && text.isComplete) else { return }
    // A copy, as the span borrows the reader.
    var check = text
    let isValid = check.accepts(content.span.extracting(start..<min(content.count, limits.message)))
    text = check
    guard isValid else { throw .invalid("a text is not valid UTF-8 (RFC 6455 §8.1)") }
  }

  private func checkTextIsComplete() throws(WebSocketError) {
    guard text.isComplete else { throw .invalid("a text ends in the middle of a character (RFC 6455 §8.1)") }
  }

  private mutating func endFrame() throws(WebSocketError) -> WebSocketEvent? {
    switch header.opcode {
    case .ping: return .ping
    case .pong: return .pong
    case .close:
      let code = try readClose()
      state = .closed
      content = []
      inflater = nil
      return .close(code: code)
    case .continuation, .text, .binary:
      guard header.isFinal else { return nil }
      if isCompressed { try endInflating() }
      if isText { try checkTextIsComplete() }
      isInMessage = false
      return isText ? .text : .binary
    }
  }

  /// Takes the code from the content of a Close frame, so that the reason is left (RFC 6455 §5.5.1).
  private mutating func readClose() throws(WebSocketError) -> UInt16? {
    guard !control.isEmpty else { return nil }
    guard control.count >= 2 else { throw .violation("a Close frame has one byte, half a code (RFC 6455 §5.5.1)") }
    let code = UInt16(control[0]) << 8 | UInt16(control[1])
    guard WebSocketCloseCode.isValid(code) else {
      throw .violation("a Close frame has the code \(code), which none may have (RFC 6455 §7.4)")
    }
    control.removeFirst(2)
    var reason = UTF8Check()
    guard reason.accepts(control.span), reason.isComplete else {
      throw .invalid("the reason in a Close frame is not valid UTF-8 (RFC 6455 §5.5.1)")
    }
    return code
  }
}
