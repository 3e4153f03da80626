/// How a message says where its content ends (RFC 9112 §6.3).
public enum BodyFraming: Sendable, Hashable {
  /// There is no content, and nothing in the head says so.
  case none
  /// As many bytes as `Content-Length` says.
  case contentLength(Int)
  /// Chunks, the last of them empty, and then perhaps trailers (RFC 9112 §7.1).
  case chunked
  /// Everything until the connection closes; only a response can be like this.
  case untilClose
}
