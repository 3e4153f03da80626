/// How the end of a message's content is determined (RFC 9112 §6.3).
public enum BodyFraming: Sendable, Hashable {
  /// No content, and no field that says so.
  case none
  /// As many bytes as `Content-Length` says.
  case contentLength(Int)
  /// Chunks, the last of them empty, and then perhaps trailers (RFC 9112 §7.1).
  case chunked
  /// All bytes until the connection closes; responses only.
  case untilClose
}
