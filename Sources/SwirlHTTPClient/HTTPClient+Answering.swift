public import SwirlDeferred
public import SwirlReactor

extension HTTPClient {
  /// A client that never opens a socket: `answer` stands in for every server. For tests, and for programs that answer
  /// some URLs themselves.
  ///
  /// ```swift
  /// let client = HTTPClient(answering: { request in
  ///   .succeed(.init(.init(.ok, body: Array("hello \(request.url)".utf8))))
  /// })
  /// ```
  ///
  /// All else is as with a network: interceptors, redirects, cookies, proofs, decoding and timeouts. `answer` is called
  /// on the reactor's thread with each request that would be sent, with all of its fields, and never before the call
  /// that asks has returned. An ``HTTPError`` that it throws, or its Deferred fails with, is the result of the request;
  /// a `NetError` becomes one of code `.cannotConnect`. When the request is cancelled or its time is over, the Deferred
  /// that it returned is cancelled.
  ///
  /// - Parameters:
  ///   - answer: gives the response to a request.
  ///   - configuration: limits and times.
  ///   - reactor: where it works; that of this thread by default.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  public convenience init(
    answering answer: @escaping (Request) throws -> Deferred<StreamedResponse>,
    _ configuration: Configuration = Configuration(), on reactor: Reactor = .current,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(configuration, on: reactor, answering: answer, at: CallSite(file: file, line: line))
  }
}
