import SwirlReactor

/// A task that waits until it is resumed or cancelled.
///
/// Unchecked, because its state is only accessed under the lock.
final class Waiter: @unchecked Sendable {
  private let lock = Lock()
  private var outcome: Result<Void, any Error>?
  private var task: CheckedContinuation<Void, any Error>?

  /// Call it once. Throws the error of `goOn`, or `CancellationError`.
  func wait() async throws {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { task in
        let told = lock.withLock { () -> Result<Void, any Error>? in
          if outcome == nil { self.task = task }
          return outcome
        }
        if let told { task.resume(with: told) }
      }
    } onCancel: {
      goOn(.failure(CancellationError()))
    }
  }

  /// Any thread. The first outcome counts.
  func goOn(_ outcome: Result<Void, any Error>) {
    let task = lock.withLock { () -> CheckedContinuation<Void, any Error>? in
      guard self.outcome == nil else { return nil }
      self.outcome = outcome
      return self.task.take()
    }
    task?.resume(with: outcome)
  }
}
