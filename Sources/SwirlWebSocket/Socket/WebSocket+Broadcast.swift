import SwirlDeferred
import SwirlNet
import SwirlReactor

extension Sequence where Element == WebSocket {
  /// Sends one text to all sockets that are open: encoded once for the sockets of a server, and not compressed.
  ///
  /// Each socket's ``WebSocket/Configuration/overflow`` decides what happens where the peer is slow; one that waits
  /// misses this message, which ``WebSocket/droppedMessages`` counts. Returns how many sockets it was sent to.
  @discardableResult
  public func broadcast(_ text: String) -> Int {
    var text = text
    return text.withUTF8 { broadcast(unsafe Span(_unsafeElements: $0), isText: true) }
  }

  /// Sends the same bytes, as a binary message, to all sockets that are open. See `broadcast`.
  @discardableResult
  public func broadcast(_ bytes: [UInt8]) -> Int { broadcast(bytes.span, isText: false) }

  /// Sends the same message to all sockets that are open. See `broadcast`.
  @discardableResult
  public func broadcast(_ message: WebSocket.Message) -> Int {
    switch message {
    case .text(let text): broadcast(text)
    case .binary(let bytes): broadcast(bytes)
    }
  }

  private func broadcast(_ content: Span<UInt8>, isText: Bool) -> Int {
    let frame = WebSocketWriter.encoded(content, isText: isText)
    var count = 0
    // A copy of the list: a socket that is cut off may leave it.
    for socket in Array(self) where socket.send(frame, content, isText: isText) { count += 1 }
    return count
  }
}

extension WebSocket {
  /// Returns whether it was sent.
  fileprivate func send(_ frame: [UInt8], _ content: Span<UInt8>, isText: Bool) -> Bool {
    guard state == .open else { return false }
    guard hasRoom(for: frame.count) else {
      if isOpen { droppedMessages += 1 }
      return false
    }
    if role == .client {
      borrowOutput()
      writer.message(content, isText: isText, compressed: false, to: &output)
      if !isReading { flush() }
    } else if output.isEmpty, !hasShortFrames {
      writtenBytes += frame.count
      transport.write(frame.span)
    } else {
      borrowOutput()
      output += frame
      if !isReading { flush() }
    }
    return true
  }
}
