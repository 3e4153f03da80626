/// Codes of Close frames (RFC 6455 §7.4, and the registry that it makes).
package enum WebSocketCloseCode {
  /// Whether a Close frame may have this code.
  ///
  /// 1004 has no meaning. 1005, 1006 and 1015 are for APIs alone. 1016 to 2999 belong to later versions of the
  /// protocol.
  package static func isValid(_ code: UInt16) -> Bool {
    switch code {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }
}
