/// A violation of the protocol by the peer, or a limit that it passed. The connection fails with it (RFC 6455 §7.1.7).
package struct WebSocketError: Error, Equatable, Sendable {
  /// The code of the Close frame that answers it (RFC 6455 §7.4.1).
  package let code: UInt16
  /// What the peer did, and which rule it broke. At most 123 bytes, so that it fits into the Close frame.
  package let reason: String

  package init(code: UInt16, reason: String) {
    self.code = code
    self.reason = reason
  }
}

extension WebSocketError {
  /// 1002: the frames break the protocol.
  static func violation(_ reason: String) -> WebSocketError { WebSocketError(code: 1002, reason: reason) }

  /// 1007: the content of a message is not what its type says.
  static func invalid(_ reason: String) -> WebSocketError { WebSocketError(code: 1007, reason: reason) }

  /// 1009: more than the limits allow.
  static func tooBig(_ reason: String) -> WebSocketError { WebSocketError(code: 1009, reason: reason) }

  /// 1011: a failure of this end.
  static func internalError(_ reason: String) -> WebSocketError { WebSocketError(code: 1011, reason: reason) }
}

extension WebSocketError: CustomStringConvertible {
  package var description: String { "\(reason) (close code \(code))" }
}
