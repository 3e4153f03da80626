/// How to treat a field in a trailer section (RFC 9110 §6.5.1).
package enum TrailerRule {
  /// Reported, apart from the head's fields.
  case allowed
  /// Not reported: it is needed before the content, or concerns the connection.
  case dropped
  /// An error: it would change the framing or the destination of the message, as in a smuggling attack.
  case refused

  package init(_ bytes: Span<UInt8>, _ name: Range<Int>) {
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
