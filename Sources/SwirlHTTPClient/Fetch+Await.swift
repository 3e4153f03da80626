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
  let request = HTTPClient.Request(url)
  // This must not hold the reactor while it waits: it is told when that goes.
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

/// With the client of another thread, or for a task that would not come back to this one.
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
  /// Like the client, to be called on its reactor's thread. When the task is cancelled the request ends, and this throws
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

  /// Sends the request for the current task; nil where that would not come back to this thread of its own accord.
  fileprivate func startAwaited(_ request: Request, by isolation: (any Actor)?) -> Exchange? {
    guard let task = ParkedTask(at: reactor.remote, of: isolation) else { return nil }
    let exchange = start(request)
    exchange.consumer = .task(task)
    return exchange
  }
}

extension HTTPClient.Exchange {
  /// The result for the task that awaits it.
  fileprivate func response(on isolation: isolated (any Actor)?) async throws -> HTTPClient.Response {
    if case .task(let task) = consumer { await task.wait(for: self, on: isolation) }
    guard let result else { preconditionFailure("an awaited request was resumed without its result") }
    return try result.get()
  }
}
