public import FoundationEssentials
public import SwirlDeferred
import SwirlReactor

// `fetch` of a Foundation URL: as its text.

extension HTTPClient.Request {
  /// A GET of a Foundation URL.
  public init(_ url: URL) { self.init(url.absoluteString) }
}

/// Gets `url` and calls `callback` with the response or an ``HTTPError``: see the form for a `String`.
@discardableResult
public func fetch(
  _ url: URL, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line,
  _ callback: @escaping (Result<HTTPClient.Response, any Error>) throws -> Void
) -> HTTPClient.Exchange {
  HTTPClient.shared.fetch(HTTPClient.Request(url), file: file, line: line, callback)
}

/// Gets `url` and gives the response as a Deferred: see the form for a `String`.
public func fetch(
  _ url: URL, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) -> Deferred<HTTPClient.Response> {
  HTTPClient.shared.fetch(HTTPClient.Request(url), file: file, line: line)
}

/// Gets `url` and returns the response: see the form for a `String`.
public func fetch(
  _ url: URL, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) async throws -> HTTPClient.Response {
  try await fetch(HTTPClient.Request(url), file: file, line: line)
}
