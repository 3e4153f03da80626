public import HTTPTypes

/// What a request parser found next.
public enum RequestEvent: Sendable {
  /// All input was used; call again when more was read.
  case needMore
  /// The head of a request. Its content and `end` follow.
  case head(RequestHead)
  /// Content: these positions of the input that was given.
  case data(Range<Int>)
  /// The request is complete, with the fields that came after the content, if any did.
  ///
  /// What follows may be another request, sent before this one was answered. After CONNECT, or an `upgrade` that the server
  /// accepts, it belongs to another protocol: don't give it to the parser.
  case end(trailers: HTTPFields?)
}
