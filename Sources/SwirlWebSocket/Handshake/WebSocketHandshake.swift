internal import SwirlDeferred
internal import SwirlHTTPCore

/// The opening handshake (RFC 6455 §4; over HTTP/2 RFC 8441).
package enum WebSocketHandshake {
  /// The version of the protocol, that of RFC 6455.
  package static let version = "13"

  /// Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 §4.2.2).
  package static func accept(key: String) -> String {
    Base64.encode(SHA1.digest(Array("\(key)258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)))
  }

  /// A Sec-WebSocket-Key: 16 random bytes (RFC 6455 §4.1).
  package static func makeKey() -> String {
    var random = HouseRandom()
    let halves = [random.next(), random.next()]
    return Base64.encode(halves.flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (8 * $0)) } })
  }

  /// The names in Upgrade, Connection and the like are compared without regard to case.
  static func list(_ value: String?) -> [String] {
    (value ?? "").split(separator: ",").map { trimmed(String($0)) }.filter { !$0.isEmpty }
  }

  private static func trimmed(_ value: String) -> String {
    let bytes = Array(value.utf8)
    let start = bytes.prefix { $0.isBlank }.count
    let end = bytes.suffix(from: start).reversed().prefix { $0.isBlank }.count
    return String(decoding: bytes[start..<bytes.count - end], as: UTF8.self)
  }
}
