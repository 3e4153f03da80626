public import SwirlDeferred
import SwirlReactor

// `isolation` is as in `fetch`.

/// Gets `url` and gives the response when its head has arrived, with a body to read as it arrives; fails with an
/// ``HTTPError`` that names the URL. See `HTTPClient.stream`.
public func stream(
  _ url: String, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) -> Deferred<HTTPClient.StreamedResponse> {
  HTTPClient.shared.stream(HTTPClient.Request(url), file: file, line: line)
}

/// Sends `request` and gives the response when its head has arrived.
public func stream(
  _ request: HTTPClient.Request, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID,
  line: UInt = #line
) -> Deferred<HTTPClient.StreamedResponse> {
  HTTPClient.shared.stream(request, file: file, line: line)
}

/// Gets `url` and returns the response when its head has arrived, with a body to read as it arrives; throws an
/// ``HTTPError`` that names the URL.
///
/// ```swift
/// for try await piece in try await stream(url).body { size += piece.count }
/// ```
///
/// From any thread, like the awaited `fetch`: on a thread with a running reactor it uses that reactor's client,
/// elsewhere that of `ReactorThread.shared`.
public func stream(
  _ url: String, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) async throws -> HTTPClient.StreamedResponse {
  try await streamAwaited(HTTPClient.Request(url), isolation, CallSite(file: file, line: line))
}

/// Sends `request` and returns the response when its head has arrived; throws an ``HTTPError`` that names the URL.
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
