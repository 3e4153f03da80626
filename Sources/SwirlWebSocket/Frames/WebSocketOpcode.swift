/// What a frame is (RFC 6455 §11.8).
package enum WebSocketOpcode: UInt8, Sendable {
  case continuation = 0
  case text = 1
  case binary = 2
  case close = 8
  case ping = 9
  case pong = 10

  /// Close, Ping and Pong: at most 125 bytes, never fragmented, allowed between the fragments of a message.
  var isControl: Bool { rawValue & 8 != 0 }
}
