import SwirlDeferred
import Synchronization

/// Runs `body` and returns its result; cancels it after `limit`, and throws a ``/SwirlDeferred/TimeoutError`` if that
/// ended it.
///
/// ```swift
/// let page = try await withTimeout(.seconds(5)) { try await fetch(url) }
/// ```
///
/// The body runs on the caller's actor, or on the thread of the reactor that runs there. This returns once the body has
/// ended: a body that ignores its cancellation is waited for, and if it has a value, that is the result. An error other
/// than a cancellation passes unchanged. Cancelling the task cancels the body. The limit is on the clock of the reactor
/// of this thread, otherwise on the system's. For one Deferred use `addTimeout`. asyncio: `timeout`, `wait_for`.
public func withTimeout<Value>(
  _ limit: Duration, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line,
  _ body: @escaping () async throws -> Value
) async throws -> Value {
  let call = TimedBody(body)
  let home = isolation == nil ? Reactor.running?.remote : nil
  let task = Task(executorPreference: home) {
    // Makes the task run on the caller's actor.
    _ = isolation
    await call.run()
  }
  let stopTimer = call.cancel(task, after: limit, at: CallSite(file: file, line: line))
  await withTaskCancellationHandler {
    await task.value
  } onCancel: {
    task.cancel()
  }
  stopTimer()
  return try call.result(of: limit)
}

/// A body with a time limit, and its result.
///
/// Unchecked is safe: the task alone uses the body and sets the outcome, and the caller, who is suspended until the
/// task has ended, reads it then. Only the flag is shared.
private final class TimedBody<Value>: @unchecked Sendable {
  private let body: () async throws -> Value
  private var outcome: Result<Value, any Error>?
  private let isLate = Atomic(false)

  init(_ body: @escaping () async throws -> Value) { self.body = body }

  nonisolated(nonsending) func run() async {
    do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
  }

  /// Cancels `task` after `limit`. Returns what stops the timer, for this thread.
  func cancel(_ task: Task<Void, Never>, after limit: Duration, at site: CallSite) -> () -> Void {
    let expire: @Sendable () -> Void = {
      self.isLate.store(true, ordering: .relaxed)
      task.cancel()
    }
    if let reactor = Reactor.running {
      let timer = reactor.callLater(limit, file: site.file, line: site.line) { expire() }
      return { timer.cancel() }
    }
    let timer = Task {
      // A longer one does not fit in the system's timer, and would trap.
      try await Task.sleep(for: min(limit, .seconds(1 << 32)))
      expire()
    }
    return { timer.cancel() }
  }

  func result(of limit: Duration) throws -> Value {
    guard let outcome else { preconditionFailure("the task has ended without an outcome") }
    do { return try outcome.get() } catch is CancelledError where isLate.load(ordering: .relaxed) {
      throw TimeoutError(after: limit)
    }
  }
}
