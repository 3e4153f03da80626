public import SwirlDeferred
import SwirlReactor

// The main API of the library: `fetch` in its forms, for the client of this thread's reactor.
//
// Callers never pass `isolation`: it ties the result to the caller's actor, so that the compiler refuses to send it to
// another thread.

/// Gets `url` and calls `callback` with the response, whatever its status, or an ``HTTPError`` that names the URL.
///
/// ```swift
/// fetch("http://127.0.0.1:8080/") { result in
///   print(try result.get().text)
///   reactor.stop()
/// }
/// reactor.run()
/// ```
///
/// The callback is called once, on the reactor's thread, and never before this has returned. An error that it throws is
/// logged. The returned exchange can be cancelled. Tornado before 6.0: `AsyncHTTPClient().fetch(url, callback)`.
@discardableResult
public func fetch(
  _ url: String, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line,
  _ callback: @escaping (Result<HTTPClient.Response, any Error>) throws -> Void
) -> HTTPClient.Exchange {
  HTTPClient.shared.fetch(HTTPClient.Request(url), file: file, line: line, callback)
}

/// Sends `request` and calls `callback` with the response or an ``HTTPError``.
@discardableResult
public func fetch(
  _ request: HTTPClient.Request, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID,
  line: UInt = #line,
  _ callback: @escaping (Result<HTTPClient.Response, any Error>) throws -> Void
) -> HTTPClient.Exchange {
  HTTPClient.shared.fetch(request, file: file, line: line, callback)
}

/// Gets `url` and gives the response, whatever its status, as a Deferred; it fails with an ``HTTPError`` that names the
/// URL.
///
/// ```swift
/// fetch("http://127.0.0.1:8080/")
///   .addCallback { page in print(page.text) }
///   .addErrback { error in print(error) }
///   .addBoth { _ in reactor.stop() }
/// reactor.run()
/// ```
///
/// Cancelling it ends the request. Twisted: `Agent.request`, `getPage`.
public func fetch(
  _ url: String, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) -> Deferred<HTTPClient.Response> {
  HTTPClient.shared.fetch(HTTPClient.Request(url), file: file, line: line)
}

/// Sends `request` and gives the response as a Deferred; it fails with an ``HTTPError`` that names the URL.
public func fetch(
  _ request: HTTPClient.Request, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID,
  line: UInt = #line
) -> Deferred<HTTPClient.Response> {
  HTTPClient.shared.fetch(request, file: file, line: line)
}
