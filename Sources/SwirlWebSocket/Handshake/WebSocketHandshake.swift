internal import SwirlDeferred
internal import SwirlHTTPCore

/// The opening handshake (RFC 6455 §4; over HTTP/2 RFC 8441).
package enum WebSocketHandshake {
  /// The version of the protocol, that of RFC 6455.
  package static let version = "13"

  /// Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 §4.2.2).
  package static func accept(key: String) -> String {
    SHA1.digest(Array("\(key)258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)).base64
  }

  /// A Sec-WebSocket-Key: 16 random bytes (RFC 6455 §4.1).
  package static func makeKey() -> String {
    var random = HouseRandom()
    let halves = [random.next(), random.next()]
    return halves.flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (8 * $0)) } }.base64
  }

  /// The names in Upgrade, Connection and the like are compared without regard to case.
  static func list(_ value: String?) -> [String] {
    (value ?? "").split(separator: ",").map { String($0.trimmedOfBlanks) }.filter { !$0.isEmpty }
  }
}
