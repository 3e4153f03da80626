import SwirlDeferred
import SwirlReactor

// The awaited form of `fetch`. It may be called from any actor and any thread, so only the request and the response
// pass between the caller and the reactor.
//
// Callers never pass `isolation`. It makes these functions run on the caller's actor before they check the current
// thread.

/// Gets `url` and returns the response, whatever its status; throws an ``HTTPError`` that names the URL.
///
/// ```swift
/// let page = try await fetch("http://127.0.0.1:8080/")
/// ```
///
/// On a thread with a running reactor it uses that reactor's client, without a hop: in a `@MainActor` function while
/// the main reactor runs, and in an actor or a task on a reactor's thread. Everywhere else, as in a program without a
/// reactor, it uses the client of `ReactorThread.shared`. Cancelling the task ends the request, and this throws
/// `CancelledError`.
///
/// To call `fetch(url)` without `await` in an async function, give its type: `let page: Deferred = fetch(url)`.
public func fetch(
  _ url: String, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) async throws -> HTTPClient.Response {
  let request = HTTPClient.Request(url)
  // This must not retain the reactor while it waits: the reactor's release ends the wait.
  if let exchange = HTTPClient.ofRunning?.startAwaited(request, by: isolation) {
    return try await exchange.response(on: isolation)
  }
  return try await fetchElsewhere(request, isolation, CallSite(file: file, line: line))
}

/// Sends `request` and returns the response; throws an ``HTTPError`` that names the URL.
public func fetch(
  _ request: HTTPClient.Request, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID,
  line: UInt = #line
) async throws -> HTTPClient.Response {
  if let exchange = HTTPClient.ofRunning?.startAwaited(request, by: isolation) {
    return try await exchange.response(on: isolation)
  }
  return try await fetchElsewhere(request, isolation, CallSite(file: file, line: line))
}

/// Fetches with the client of another thread, or for a task that would not resume on this one.
private func fetchElsewhere(
  _ request: HTTPClient.Request, _ isolation: isolated (any Actor)?, _ site: CallSite
) async throws -> HTTPClient.Response {
  let request = request.withTracingContext
  let call = AwaitedCall<HTTPClient.Response>(on: Reactor.remoteForAwaiting)
  return try await call.run(at: site) { reactor, task in
    .pending(HTTPClient.of(reactor).fetch(request, file: site.file, line: site.line) { task.finish($0) })
  }
}

extension HTTPClient {
  /// Sends `request` and returns the response, whatever its status; throws an ``HTTPError`` that names the URL.
  ///
  /// Like the client, use it on its reactor's thread. Cancelling the task ends the request, and this throws
  /// `CancelledError`.
  public func fetch(
    _ request: Request, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
  ) async throws -> Response {
    if Reactor.running === reactor, let exchange = startAwaited(request, by: isolation) {
      return try await exchange.response(on: isolation)
    }
    let response: Deferred = fetch(request, file: file, line: line)
    return try await response.value
  }

  /// The client of the reactor that runs on this thread.
  fileprivate static var ofRunning: HTTPClient? { Reactor.running.map { of($0) } }

  /// Sends the request for the current task; nil if the task would not resume on this thread by itself.
  fileprivate func startAwaited(_ request: Request, by isolation: (any Actor)?) -> Exchange? {
    guard let task = ParkedTask(at: reactor.remote, of: isolation) else { return nil }
    let exchange = start(request)
    exchange.consumer = .task(task)
    return exchange
  }
}

extension HTTPClient.Exchange {
  /// The result for the awaiting task. Inlined: as a function of its own it costs another switch to the actor.
  @inline(__always)
  fileprivate func response(on isolation: isolated (any Actor)?) async throws -> HTTPClient.Response {
    if case .task(let task) = consumer { await task.wait(for: self, on: isolation) }
    guard let result else { preconditionFailure("an awaited request was resumed without its result") }
    return try result.get()
  }
}
