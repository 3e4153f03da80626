public import SwirlDeferred

// A URL in the place of a request, as the free functions take it. `client.fetch(.init(url))` is a request's, not a
// string's: these are the overloads that the compiler takes last.

extension HTTPClient {
  /// Gets `url` and gives the response, with any status. As `fetch` with a request.
  ///
  /// Fails with ``HTTPError``, which names the URL, or with `CancelledError`.
  @_disfavoredOverload
  public func fetch(_ url: String, file: StaticString = #fileID, line: UInt = #line) -> Deferred<Response> {
    fetch(Request(url), file: file, line: line)
  }

  /// Gets `url` and calls `callback` with the response, with any status, or an ``HTTPError`` that names the URL.
  ///
  /// The callback is called once, on the reactor's thread, and never before this has returned. An error that it throws
  /// is logged.
  @_disfavoredOverload @discardableResult
  public func fetch(
    _ url: String, file: StaticString = #fileID, line: UInt = #line,
    _ callback: @escaping (Result<Response, any Error>) throws -> Void
  ) -> Exchange {
    fetch(Request(url), file: file, line: line, callback)
  }

  /// Gets `url` and returns the response, whatever its status; throws an ``HTTPError`` that names the URL.
  ///
  /// Like the client, use it on its reactor's thread. Cancelling the task ends the request, and this throws
  /// `CancelledError`.
  @_disfavoredOverload
  public func fetch(
    _ url: String, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
  ) async throws -> Response {
    try await fetch(Request(url), isolation: isolation, file: file, line: line)
  }

  /// Gets `url` and gives the response when its head has arrived. As `stream` with a request.
  @_disfavoredOverload
  public func stream(
    _ url: String, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<StreamedResponse> {
    stream(Request(url), file: file, line: line)
  }
}
