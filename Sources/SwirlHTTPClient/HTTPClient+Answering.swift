public import SwirlDeferred
public import SwirlReactor

extension HTTPClient {
  /// A client that never opens a socket: `answer` stands in for every server. For tests, and for programs that answer
  /// some URLs themselves.
  ///
  /// ```swift
  /// let client = HTTPClient(answering: { request in .init(text: "hello \(request.url)") })
  /// ```
  ///
  /// All else is as with a network: interceptors, redirects, cookies, proofs, decoding and timeouts. `answer` is called
  /// on the reactor's thread with each request that would be sent, with all of its fields, and never before the call
  /// that asks has returned. An ``HTTPError`` that it throws is the result of the request; a `NetError` becomes one of
  /// code `.cannotConnect`.
  ///
  /// - Parameters:
  ///   - answer: gives the response to a request.
  ///   - configuration: limits and times.
  ///   - reactor: where it works; that of this thread by default.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  public convenience init(
    answering answer: @escaping (Request) throws -> Response,
    _ configuration: Configuration = Configuration(), on reactor: Reactor = .current,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(
      configuration, on: reactor, answering: { .succeed(StreamedResponse(try answer($0))) },
      at: CallSite(file: file, line: line))
  }

  /// A client that never opens a socket, whose `answer` takes its time, or gives the content in pieces.
  ///
  /// An error that the Deferred fails with counts as one that `answer` throws. When the request is cancelled or times
  /// out, the Deferred is cancelled.
  @_disfavoredOverload  // so that an `answer` that only throws is no riddle
  public convenience init(
    answering answer: @escaping (Request) throws -> Deferred<StreamedResponse>,
    _ configuration: Configuration = Configuration(), on reactor: Reactor = .current,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(configuration, on: reactor, answering: answer, at: CallSite(file: file, line: line))
  }
}
