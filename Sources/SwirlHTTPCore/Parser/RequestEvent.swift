public import HTTPTypes

/// The next event of a request parser.
public enum RequestEvent: Sendable {
  /// All input was used; read more and call again.
  case needMore
  /// The head of a request. Its content and `end` follow.
  case head(RequestHead)
  /// Content: these positions of the input.
  case data(Range<Int>)
  /// The request is complete, with its trailer fields, if any.
  ///
  /// A pipelined request may follow, sent before the response to this one. After CONNECT, or an `upgrade` that the
  /// server accepts, the following bytes belong to another protocol: don't pass them to the parser.
  case end(trailers: HTTPFields?)
}
