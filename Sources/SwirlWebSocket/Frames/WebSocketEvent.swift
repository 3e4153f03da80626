/// What ``WebSocketReader`` found in the bytes of the peer.
package enum WebSocketEvent: Equatable, Sendable {
  /// A message is whole; `takeContent()` has it. Text is valid UTF-8.
  case text, binary
  /// A control frame; `takeControl()` has its content.
  case ping, pong
  /// A Close frame: its code, nil without one (which an API reports as 1005); `takeControl()` has its reason, which is
  /// valid UTF-8.
  case close(code: UInt16?)
}
