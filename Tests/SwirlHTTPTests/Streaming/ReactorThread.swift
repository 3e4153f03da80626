import Foundation
import Swirl
import Testing

/// Where the task of a test runs.
enum Place: CaseIterable {
  /// In a task on the reactor's own thread.
  case reactor
  /// On the threads of Swift's own pool, with the reactor on another.
  case elsewhere
}

/// A reactor that runs on a thread of its own.
///
/// Checked by nobody but safe: the reactor itself is only handed out on its thread.
final class ReactorThread: Sendable {
  let remote: RemoteReactor

  init() async {
    remote = await withCheckedContinuation { started in
      Thread.detachNewThread {
        let reactor = Reactor()
        let remote = reactor.remote
        reactor.callWhenRunning { started.resume(returning: remote) }
        reactor.run()
      }
    }
  }

  func stop() { remote.stop() }

  /// Runs `body` in a task of `place`.
  func run<Value: Sendable>(
    _ place: Place, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    switch place {
    case .reactor:
      let task = Task(executorPreference: remote) { try await body() }
      return try await withTaskCancellationHandler {
        try await task.value
      } onCancel: {
        task.cancel()
      }
    case .elsewhere: return try await body()
    }
  }

  /// What `body` gives on the reactor's thread.
  func call<Value: Sendable>(_ body: @escaping @Sendable (Reactor) throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { waiter in
      remote.callFromThread { reactor in waiter.resume(with: Result { try body(reactor) }) }
    }
  }

  /// The result of the Deferred that `body` gives on the reactor's thread; it is cancelled with the task, on that thread.
  func value<Value: Sendable>(
    of body: @escaping @Sendable (Reactor) throws -> Deferred<Value>
  ) async throws -> Value {
    let pending = Pending<Value>()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        remote.callFromThread { reactor in
          do {
            let deferred = try body(reactor)
            pending.deferred = deferred
            deferred.addBoth { result in
              pending.deferred = nil
              waiter.resume(with: result)
            }
            if pending.isCancelled { deferred.cancel() }
          } catch { waiter.resume(throwing: error) }
        }
      }
    } onCancel: {
      remote.callFromThread {
        pending.isCancelled = true
        pending.deferred?.cancel()
      }
    }
  }

  /// Waits until `condition` holds on the reactor's thread: far longer than any test takes, on any machine.
  func wait(
    sourceLocation: SourceLocation = #_sourceLocation, until condition: @escaping @Sendable (Reactor) -> Bool
  ) async throws {
    try await value { reactor in
      let holds = Deferred<Void>()
      let deadline = reactor.now + .seconds(60)
      func look() {
        if condition(reactor) { return holds.callback() }
        if reactor.now > deadline {
          Issue.record("it never came to that", sourceLocation: sourceLocation)
          return holds.callback()
        }
        reactor.callLater(.milliseconds(1)) { look() }
      }
      look()
      return holds
    }
  }

  /// Waits for `duration` of the reactor's time.
  func pass(_ duration: Duration) async throws {
    try await value { reactor in
      let passed = Deferred<Void>()
      reactor.callLater(duration) { passed.callback() }
      return passed
    }
  }
}

/// Touched on the reactor's thread only: that is why `Sendable` is unchecked.
private final class Pending<Value>: @unchecked Sendable {
  var deferred: Deferred<Value>?
  var isCancelled = false
}

/// Runs `body` in a task of `place`, and fires on the reactor's thread, which this is, with what it gives.
func task<Value: Sendable>(
  _ place: Place, by remote: RemoteReactor, _ body: @escaping @Sendable () async throws -> Value
) -> Deferred<Value> {
  let work = Work<Value>()
  let deferred = Deferred<Value>(canceller: { _ in work.task?.cancel() })
  work.deferred = deferred
  let fire: @Sendable (Result<Value, any Error>) -> Void = { result in
    remote.callFromThread {
      // One that was cancelled has its result.
      if let deferred = work.deferred, !deferred.isFired { deferred.fire(with: result) }
      work.deferred = nil
      work.task = nil
    }
  }
  let run: @Sendable () async -> Void = {
    do { fire(.success(try await body())) } catch { fire(.failure(error)) }
  }
  switch place {
  case .reactor: work.task = Task(executorPreference: remote) { await run() }
  case .elsewhere: work.task = Task { await run() }
  }
  return deferred
}

/// Touched on the reactor's thread only: that is why `Sendable` is unchecked.
private final class Work<Value>: @unchecked Sendable {
  var deferred: Deferred<Value>?
  var task: Task<Void, Never>?
}
