public import HTTPTypes

/// What a response parser found next.
public enum ResponseEvent: Sendable {
  /// All input was used; call again when more was read.
  case needMore
  /// A 1xx response other than 101; the answer is still to come (RFC 9110 §15.2).
  case informational(ResponseHead)
  /// The head of the answer. Its content and `end` follow.
  case head(ResponseHead)
  /// Content: these positions of the input that was given.
  case data(Range<Int>)
  /// The response is complete, with the fields that came after the content, if any did.
  case end(trailers: HTTPFields?)
  /// The head of a 101, or of a 2xx to CONNECT: what follows at `offset` belongs to another protocol.
  case upgraded(ResponseHead)
}
