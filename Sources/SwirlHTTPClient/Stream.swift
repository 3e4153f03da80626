public import SwirlDeferred
import SwirlReactor

// `isolation` is as in `fetch`.

/// Gets `url` and gives the response as soon as its head is there, with a body that is read while it comes; fails with an
/// ``HTTPError`` that names the URL. See ``HTTPClient/stream(_:file:line:)``.
public func stream(
  _ url: String, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) -> Deferred<HTTPClient.StreamedResponse> {
  HTTPClient.shared.stream(HTTPClient.Request(url), file: file, line: line)
}

/// Sends `request` and gives the response as soon as its head is there.
public func stream(
  _ request: HTTPClient.Request, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID,
  line: UInt = #line
) -> Deferred<HTTPClient.StreamedResponse> {
  HTTPClient.shared.stream(request, file: file, line: line)
}

/// Gets `url` and returns the response as soon as its head is there, with a body that is read while it comes; throws an
/// ``HTTPError`` that names the URL.
///
/// ```swift
/// for try await piece in try await stream(url).body { size += piece.count }
/// ```
///
/// From anywhere, as the awaited `fetch`: on the thread of a reactor that runs it is that which fetches, elsewhere that of
/// `ReactorThread.shared`.
public func stream(
  _ url: String, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) async throws -> HTTPClient.StreamedResponse {
  try await streamAwaited(HTTPClient.Request(url), isolation, CallSite(file: file, line: line))
}

/// Sends `request` and returns the response as soon as its head is there; throws an ``HTTPError`` that names the URL.
public func stream(
  _ request: HTTPClient.Request, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID,
  line: UInt = #line
) async throws -> HTTPClient.StreamedResponse {
  try await streamAwaited(request, isolation, CallSite(file: file, line: line))
}

private func streamAwaited(
  _ request: HTTPClient.Request, _ isolation: isolated (any Actor)?, _ site: CallSite
) async throws -> HTTPClient.StreamedResponse {
  let call = AwaitedCall<HTTPClient.StreamedResponse>(on: Reactor.remoteForAwaiting)
  return try await call.run(at: site) { reactor, task in
    .pending(HTTPClient.of(reactor).stream(request, file: site.file, line: site.line).addBoth { task.finish($0) })
  }
}
