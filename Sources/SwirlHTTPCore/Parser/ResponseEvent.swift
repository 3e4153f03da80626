public import HTTPTypes

/// The next event of a response parser.
public enum ResponseEvent: Sendable {
  /// All input was used; read more and call again.
  case needMore
  /// A 1xx response other than 101; the final response follows (RFC 9110 §15.2).
  case informational(ResponseHead)
  /// The head of the final response. Its content and `end` follow.
  case head(ResponseHead)
  /// Content: these positions of the input.
  case data(Range<Int>)
  /// The response is complete, with its trailer fields, if any.
  case end(trailers: HTTPFields?)
  /// The head of a 101, or of a 2xx to CONNECT: the bytes from `offset` belong to another protocol.
  case upgraded(ResponseHead)
}
