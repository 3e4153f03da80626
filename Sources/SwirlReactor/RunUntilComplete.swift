import SwirlDeferred
import SwirlPlatform

/// Runs the main reactor until `body` has ended, and returns its value or throws its error.
///
/// ```swift
/// try runUntilComplete {
///   print(try await fetch("http://127.0.0.1:8080/").text)
/// }
/// ```
///
/// The body runs on the main thread, which is the reactor's. SIGINT (Ctrl-C) and SIGTERM cancel it; when it has ended,
/// the program exits with 128 and the signal's number, 130 for Ctrl-C; a second one exits at once. `reactor.stop()`
/// cancels the body too, and waits for it. Call it at the top level of `main.swift`, like `reactor.run()`. asyncio:
/// `asyncio.run`; Tornado: `IOLoop.run_sync`; Twisted: `react`.
@MainActor public func runUntilComplete<Value>(_ body: @escaping @MainActor () async throws -> Value) throws -> Value {
  let reactor = Reactor.main
  let completion = Completion<Value>()
  // With this preference it resumes from every await without leaving the thread.
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

/// The error of `runUntilComplete` if `crash()` ended the reactor before the body had ended.
public struct ReactorStoppedError: Error, Hashable, CustomStringConvertible {
  /// The error in words, and what to do.
  public var description: String {
    "the reactor was ended before the body that it ran for: call stop(), which waits for it, not crash()"
  }
}

/// The result of a body, and the Deferred that waits for it.
@MainActor private final class Completion<Value> {
  private(set) var result: Result<Value, any Error>?
  let ended = Deferred<Void>()
  /// After `crash()` a body may continue in a later run, which it must not stop.
  var isRunOver = false

  func run(_ body: @MainActor () async throws -> Value) async {
    do { result = .success(try await body()) } catch { result = .failure(error) }
    ended.callback()
    if !isRunOver { Reactor.main.stop() }
  }
}
