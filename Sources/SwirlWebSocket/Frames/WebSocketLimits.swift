/// The limits on what a peer may send, in bytes.
package struct WebSocketLimits: Equatable, Sendable {
  /// The payload of one frame, as it is on the wire.
  package var frame: Int
  /// A whole message, inflated.
  package var message: Int

  package init(frame: Int, message: Int) {
    self.frame = frame
    self.message = message
  }
}
