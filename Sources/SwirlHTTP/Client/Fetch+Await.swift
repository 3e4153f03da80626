import SwirlDeferred
import SwirlReactor

// The awaited form of `fetch`. It may be called from any actor and any thread, so nothing but the request and the response
// goes between the caller and the reactor.
//
// `isolation` is never given by hand. It makes sure that these run on the caller's actor before they ask whose thread this is: a
// function that only passes a call on may leave that out.

/// Gets `url` and returns the response, whatever its status; throws an ``HTTPError`` that names the URL.
///
/// ```swift
/// let page = try await fetch("http://127.0.0.1:8080/")
/// ```
///
/// On a thread whose reactor runs, it is that reactor's client which fetches, without a hop: in a `@MainActor` function while the main
/// reactor runs, in an actor or a task that lives on a reactor's thread. Everywhere else, as in a program that has no
/// reactor, it is the client of `ReactorThread.shared`. When the task is cancelled the request ends, and this throws
/// `CancelledError`.
///
/// Where `fetch(url)` without `await` is meant in an async function, say so by its type: `let page: Deferred = fetch(url)`.
public func fetch(
  _ url: String, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) async throws -> HTTPClient.Response {
  try await fetch(HTTPClient.Request(url), isolation: isolation, file: file, line: line)
}

/// Sends `request` and returns the response; throws an ``HTTPError`` that names the URL.
public func fetch(
  _ request: HTTPClient.Request, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID,
  line: UInt = #line
) async throws -> HTTPClient.Response {
  let call = AwaitedCall<HTTPClient.Response>(on: Reactor.running?.remote ?? ReactorThread.shared.remote)
  return try await call.run(at: CallSite(file: file, line: line), startsNow: true) { reactor, task in
    .pending(HTTPClient.of(reactor).fetch(request, file: file, line: line) { task.finish($0) })
  }
}
