/// What happens to a field in a trailer section (RFC 9110 §6.5.1).
enum TrailerRule {
  /// It is handed on, apart from the head's fields.
  case allowed
  /// It must be known before the content, or is about the connection: not handed on.
  case dropped
  /// It would change where the message ends or whom it is for: somebody tries something.
  case refused

  init(_ bytes: Span<UInt8>, _ name: Range<Int>) {
    if Self.refusedNames.contains(where: { bytes.equals($0, in: name) }) {
      self = .refused
    } else {
      self = Self.droppedNames.contains { bytes.equals($0, in: name) } ? .dropped : .allowed
    }
  }

  private static let refusedNames: [StaticString] = ["content-length", "transfer-encoding", "host"]

  private static let droppedNames: [StaticString] = [
    "authorization", "cache-control", "connection", "content-encoding", "content-range", "content-type", "cookie",
    "expect", "keep-alive", "max-forwards", "proxy-authenticate", "proxy-authorization", "range", "set-cookie", "te",
    "trailer", "upgrade", "www-authenticate",
  ]
}
