import SwirlHTTPCore

/// Turns messages into frames (RFC 6455 §5), appended to the output of the caller.
package struct WebSocketWriter {
  private let role: WebSocketRole
  private let deflate: WebSocketDeflate.Agreed?
  /// Made with the first compressed message. Released with each of them, unless the next may refer to it.
  private var deflater: Deflater?
  /// Whether the message that was begun with a fragment is compressed.
  private var isCompressing = false
  private var keys = MaskingKeys()

  /// - Parameters:
  ///   - role: ours. A client masks.
  ///   - deflate: what was agreed in the handshake on permessage-deflate; nil without it.
  package init(role: WebSocketRole, deflate: WebSocketDeflate.Agreed?) {
    self.role = role
    self.deflate = deflate
  }

  /// A whole message, in one frame.
  ///
  /// - Parameter compressed: whether to compress it, if that was agreed.
  package mutating func message(
    _ content: Span<UInt8>, isText: Bool, compressed: Bool, to output: inout [UInt8]
  ) {
    fragment(content, isText: isText, compressed: compressed, isFirst: true, isLast: true, to: &output)
  }

  /// Whether a message's frame is its length and its bytes: without a mask, and not compressed.
  var isPlain: Bool { role == .server && deflate == nil }

  /// A piece of a message whose end is not known yet. Between the pieces only control frames may be sent.
  ///
  /// - Parameters:
  ///   - isText: whether the message is text: that of the first piece counts.
  ///   - compressed: whether to compress the message, if that was agreed: that of the first piece counts.
  package mutating func fragment(
    _ content: Span<UInt8>, isText: Bool, compressed: Bool, isFirst: Bool, isLast: Bool, to output: inout [UInt8]
  ) {
    let opcode: WebSocketOpcode = isFirst ? isText ? .text : .binary : .continuation
    if isFirst { isCompressing = compressed && deflate != nil }
    guard isCompressing, let deflated = deflated(content, isLast: isLast) else {
      return frame(opcode, isFinal: isLast, isCompressed: false, content, to: &output)
    }
    frame(opcode, isFinal: isLast, isCompressed: isFirst, deflated.span, to: &output)
  }

  /// A Ping or Pong; what is behind the first 125 bytes of the content is omitted.
  package mutating func control(_ opcode: WebSocketOpcode, _ content: Span<UInt8>, to output: inout [UInt8]) {
    frame(opcode, isFinal: true, isCompressed: false, content.extracting(first: 125), to: &output)
  }

  /// A Close frame.
  ///
  /// - Parameters:
  ///   - code: nil for a frame without content.
  ///   - reason: cut at 123 bytes, before the character that would not fit.
  package mutating func close(code: UInt16?, reason: String, to output: inout [UInt8]) {
    var content: [UInt8] = []
    if let code {
      content = [UInt8(code >> 8), UInt8(code & 0xFF)]
      for scalar in reason.unicodeScalars {
        guard content.count + UTF8.width(scalar) <= 125 else { break }
        content.append(contentsOf: UTF8.encode(scalar)!)
      }
    }
    control(.close, content.span, to: &output)
  }

  /// A message as the frame of a server, to be sent to any number of clients.
  ///
  /// - Parameter deflate: what was agreed with all of them, for a compressed frame; nil for one that is not. Without
  ///   context takeover of the server alone: with it each client has a state of its own.
  package static func encoded(
    _ content: Span<UInt8>, isText: Bool, deflate: WebSocketDeflate.Agreed? = nil
  ) -> [UInt8] {
    var output: [UInt8] = []
    let agreed = deflate?.serverNoContextTakeover == true ? deflate : nil
    var writer = WebSocketWriter(role: .server, deflate: agreed)
    writer.message(content, isText: isText, compressed: agreed != nil, to: &output)
    return output
  }

  /// The payload of a compressed frame (RFC 7692 §7.2.1); nil without memory for it.
  private mutating func deflated(_ content: Span<UInt8>, isLast: Bool) -> [UInt8]? {
    guard let agreed = deflate else { return nil }
    guard let deflater = deflater ?? Deflater(windowBits: agreed.windowBits(of: role), level: agreed.level) else {
      isCompressing = false
      return nil
    }
    self.deflater = deflater
    var payload: [UInt8] = []
    deflater.deflate(content, into: &payload)
    if isLast {
      if payload.isEmpty {
        // Nothing since the last flush: an empty block, as all before ended on a whole byte.
        payload = [0]
      } else {
        payload.removeLast(4)
      }
      if !agreed.takesContextOver(role) { self.deflater = nil }
    }
    return payload
  }

  private mutating func frame(
    _ opcode: WebSocketOpcode, isFinal: Bool, isCompressed: Bool, _ payload: Span<UInt8>, to output: inout [UInt8]
  ) {
    let count = payload.count
    let mask: UInt8 = role == .client ? 0x80 : 0
    output.reserve(14 + count)
    output.append((isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode.rawValue)
    switch count {
    case ...125: output.append(mask | UInt8(count))
    case ...0xFFFF:
      output.append(mask | 126)
      output.append(number: UInt64(count), bytes: 2)
    default:
      output.append(mask | 127)
      output.append(number: UInt64(count), bytes: 8)
    }
    if role == .client {
      let number = keys.next()
      output.append(number: UInt64(number), bytes: 4)
      _ = output.append(payload, masked: MaskingKey(number))
    } else {
      output.append(copying: payload)
    }
  }
}

extension [UInt8] {
  /// Room for so many bytes more. Unlike `reserveCapacity`, grows geometrically: frames are appended one by one.
  fileprivate mutating func reserve(_ count: Int) {
    append(addingCapacity: count) { _ in }
  }

  /// Appends the lowest bytes of a number, the highest of them first.
  fileprivate mutating func append(number: UInt64, bytes: Int) {
    for place in stride(from: bytes - 1, through: 0, by: -1) {
      append(UInt8(truncatingIfNeeded: number >> UInt64(8 * place)))
    }
  }
}
