import SwirlDeferred
import SwirlPlatform

/// Runs the main reactor until `body` has returned or thrown, and returns or throws the same.
///
/// ```swift
/// try runUntilComplete {
///   print(try await fetch("http://127.0.0.1:8080/").text)
/// }
/// ```
///
/// The body runs on the main thread, which is the reactor's. SIGINT (Ctrl-C) and SIGTERM cancel it; when it has ended, the
/// program exits with 128 and the signal's number, 130 for Ctrl-C; a second one exits at once. `reactor.stop()` cancels the body too, and
/// waits for it. To be called from the top level of `main.swift`, as `reactor.run()` is.
/// asyncio: `asyncio.run`; Tornado: `IOLoop.run_sync`; Twisted: `react`.
@MainActor public func runUntilComplete<Value>(_ body: @escaping @MainActor () async throws -> Value) throws -> Value {
  let reactor = Reactor.main
  let completion = Completion<Value>()
  // So that it comes back from every await without leaving the thread.
  let task = Task(executorPreference: reactor.remote) { @MainActor @Sendable in await completion.run(body) }
  var interrupting: Int32?
  let handlers = Reactor.stopSignals.map { number in
    reactor.addSignalHandler(number) {
      if interrupting != nil {
        reactor.giveUpThreadCalls("were not waited for")
        exit(128 + number)
      }
      interrupting = number
      task.cancel()
    }
  }
  let trigger = reactor.addSystemEventTrigger(.before, .shutdown) { () -> Deferred<Void> in
    task.cancel()
    return completion.ended
  }
  reactor.run(handlingSignals: false)
  completion.isRunOver = true
  reactor.removeSystemEventTrigger(trigger)
  for handler in handlers { reactor.removeSignalHandler(handler) }
  if let interrupting { exit(128 + interrupting) }
  guard let result = completion.result else { throw ReactorStoppedError() }
  return try result.get()
}

/// What `runUntilComplete` throws when the reactor was ended, by `crash()`, before the body was.
public struct ReactorStoppedError: Error, Hashable, CustomStringConvertible {
  /// What happened and what to do.
  public var description: String {
    "the reactor was ended before the body that it ran for: call stop(), which waits for it, not crash()"
  }
}

/// How a body ended, and the Deferred of those who wait for it.
@MainActor private final class Completion<Value> {
  private(set) var result: Result<Value, any Error>?
  let ended = Deferred<Void>()
  /// A body that `crash()` has left goes on in a later run, which is not its own to stop.
  var isRunOver = false

  func run(_ body: @MainActor () async throws -> Value) async {
    do { result = .success(try await body()) } catch { result = .failure(error) }
    ended.callback()
    if !isRunOver { Reactor.main.stop() }
  }
}
