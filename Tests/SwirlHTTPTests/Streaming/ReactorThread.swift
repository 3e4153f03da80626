import Foundation
import Swirl
import Testing

/// Where the task of a test runs.
enum Place: CaseIterable {
  /// In a task on the reactor's own thread.
  case reactor
  /// On Swift's thread pool, with the reactor on another thread.
  case elsewhere
}

/// A reactor on its own thread, which is accessible only there.
final class ReactorThread: Sendable {
  let remote: RemoteReactor

  init() {
    // Safe: from here only the new thread accesses it.
    nonisolated(unsafe) let reactor = Reactor()
    remote = reactor.remote
    Thread.detachNewThread { reactor.run() }
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

  /// The value of `body`, which runs on the reactor's thread.
  func call<Value: Sendable>(_ body: @escaping @Sendable (Reactor) throws -> Value) async throws -> Value {
    try await value { .succeed(try body($0)) }
  }

  /// The result of the Deferred that `body` returns on the reactor's thread. Cancelling the task cancels the Deferred
  /// on that thread.
  func value<Value: Sendable>(
    of body: @escaping @Sendable (Reactor) throws -> Deferred<Value>
  ) async throws -> Value {
    let pending = Pending<Value>()
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        remote.callFromThread { reactor in
          do {
            let deferred = try body(reactor)
            pending.deferred = deferred
            deferred.addBoth { result in
              pending.deferred = nil
              pending.end(with: result)
              waiter.resume()
            }
            if pending.isCancelled { deferred.cancel() }
          } catch {
            pending.end(with: .failure(error))
            waiter.resume()
          }
        }
      }
    } onCancel: {
      remote.callFromThread {
        pending.isCancelled = true
        pending.deferred?.cancel()
      }
    }
    return try pending.result()
  }

  /// Waits until `condition` holds on the reactor's thread: far longer than any test takes, on any machine.
  func wait(
    sourceLocation: SourceLocation = #_sourceLocation, until condition: @escaping @Sendable (Reactor) -> Bool
  ) async throws {
    try await value { reactor in
      let holds = Deferred<Void>()
      let deadline = reactor.now + .seconds(540)
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

/// A Deferred that a task on another thread waits for. A lock protects the transfer of its result, because the thread
/// sanitizer does not understand continuations.
///
/// Unchecked, because only the reactor's thread accesses the rest.
private final class Pending<Value>: @unchecked Sendable {
  var deferred: Deferred<Value>?
  var isCancelled = false
  private let lock = NSLock()
  private var outcome: Result<Value, any Error>?

  func end(with result: Result<Value, any Error>) { lock.withLock { outcome = result } }

  func result() throws -> Value {
    guard let outcome = lock.withLock({ outcome }) else { throw CancelledError() }
    return try outcome.get()
  }
}

/// Runs `body` in a task of `place`. The Deferred fires with its value on the reactor's thread, on which this must be
/// called.
func task<Value: Sendable>(
  _ place: Place, by remote: RemoteReactor, _ body: @escaping @Sendable () async throws -> Value
) -> Deferred<Value> {
  let work = Work<Value>()
  let deferred = Deferred<Value>(canceller: { _ in work.task?.cancel() })
  work.deferred = deferred
  let fire: @Sendable (Result<Value, any Error>) -> Void = { result in
    remote.callFromThread {
      // A cancelled Deferred has its result already.
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

/// Unchecked, because only the reactor's thread accesses it.
private final class Work<Value>: @unchecked Sendable {
  var deferred: Deferred<Value>?
  var task: Task<Void, Never>?
}
