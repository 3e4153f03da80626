import SwirlHTTPCore
import SwirlNet

/// The bytes that the machine has not used yet, and those for the next write.
extension ServerConnection {
  func keep(_ bytes: Span<UInt8>) {
    if unreadStart > 0 {
      unread.removeFirst(unreadStart)
      unreadStart = 0
    }
    unread.append(copying: bytes)
    if isPumping { hasArrived = true }
  }

  /// Stores the unused bytes, in front of those that have arrived since.
  func keepRest(_ rest: Span<UInt8>) {
    var bytes: [UInt8] = []
    bytes.append(copying: rest)
    bytes.append(contentsOf: takeUnread().bytes)
    unread = bytes
  }

  /// Removes and returns the unused bytes.
  func takeUnread() -> (bytes: [UInt8], start: Int) {
    defer { (unread, unreadStart) = ([], 0) }
    return (unread, unreadStart)
  }

  /// Passes the output to the transport.
  func flush() {
    if buffer.isEmpty { return }
    // Take the buffer out for the call, in which the transport may call back.
    var bytes: [UInt8] = []
    swap(&buffer, &bytes)
    handedToTransport += bytes.count
    transport.write(bytes.span)
    bytes.removeAll(keepingCapacity: bytes.capacity <= Self.bufferLimit)
    swap(&server.spareOutput, &bytes)
  }

  /// A buffer above this size is flushed and freed.
  static let bufferLimit = 64 * 1024

  func append(_ text: StaticString) {
    text.withUTF8Buffer { buffer.append(contentsOf: $0) }
  }
}
