/// Compressed messages (RFC 7692 §7.2.2).
extension WebSocketReader {
  /// Appends what the bytes inflate to. Memory is bounded by the limit on the message: more is not even inflated.
  mutating func inflate(_ bytes: Span<UInt8>) throws(WebSocketError) {
    guard let agreed = deflate else { throw .internalError("a compressed message without permessage-deflate") }
    let inflater: Inflater
    if let existing = self.inflater {
      inflater = existing
    } else {
      guard let made = Inflater(windowBits: agreed.windowBits(of: role.peer)) else {
        throw .internalError("no memory to inflate a message")
      }
      inflater = made
      self.inflater = made
    }
    var position = 0
    var mayHaveMore = true
    while position < bytes.count || mayHaveMore {
      let start = content.count
      // One byte more than allowed shows that there is more.
      let room = min(limits.message - content.count, Int.max - 1) + 1
      let step = inflater.step(bytes.extracting(position...), into: &content, atMost: room)
      position += step.taken
      mayHaveMore = step.mayHaveMore
      // In the order of the content, however reads cut it: its text, its size, then what can't be inflated.
      try checkText(from: start, isASCII: false)
      guard content.count <= limits.message else {
        throw .tooBig("a message inflates to more than the limit of \(limits.message) bytes")
      }
      if let problem = step.problem { throw .invalid("a compressed message can't be inflated: \(problem) (RFC 7692)") }
    }
  }

  /// The end of a compressed message: inflates the four bytes that the sender removed.
  mutating func endInflating() throws(WebSocketError) {
    // A sender that ends the stream of deflate with its last block may not add the empty one.
    if inflater?.isAtEnd != true {
      let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]
      try inflate(tail.span)
      guard inflater?.isBetweenBlocks == true else {
        throw .invalid("a compressed message ends in the middle of a block (RFC 7692 §7.2.1)")
      }
    }
    if deflate?.takesContextOver(role.peer) != true { inflater = nil }
  }
}

extension WebSocketRole {
  var peer: WebSocketRole { self == .client ? .server : .client }
}
