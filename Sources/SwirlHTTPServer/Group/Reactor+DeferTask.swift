import SwirlDeferred
import SwirlReactor

extension Reactor {
  /// Runs `body` as a task of its own, and fires on this reactor's thread with its result. Cancelling cancels the task.
  ///
  /// - Parameter unclaimed: called there with a value that has come after the Deferred was cancelled.
  func deferTask<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value, unclaimed: @escaping (Value) -> Void = { _ in }
  ) -> Deferred<Value> {
    let outcome = TaskOutcome(unclaimed)
    let task = Task { [remote] in
      let result: Result<Value, any Error>
      do { result = .success(try await body()) } catch { result = .failure(error) }
      remote.callFromThread { outcome.fire(result) }
    }
    outcome.deferred = Deferred(canceller: { _ in task.cancel() })
    return outcome.deferred
  }
}

/// Where the result of a task goes.
///
/// Unchecked: it is made and used on the reactor's thread alone; the task only carries it back there.
private final class TaskOutcome<Value: Sendable>: @unchecked Sendable {
  var deferred: Deferred<Value>!
  private let unclaimed: (Value) -> Void

  init(_ unclaimed: @escaping (Value) -> Void) { self.unclaimed = unclaimed }

  func fire(_ result: Result<Value, any Error>) {
    if !deferred.isFired { return deferred.fire(with: result) }
    if case .success(let value) = result { unclaimed(value) }
  }
}
