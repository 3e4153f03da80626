public import SwirlDeferred

/// A call that a task on any thread awaits, from its start on the reactor's thread to its result.
///
/// Unchecked: its state is only accessed on the reactor's thread. Inlinable, so that each type of result is
/// specialized: generic code would look up metadata several times a call.
@usableFromInline
package final class AwaitedCall<Value: Sendable>: @unchecked Sendable {
  /// The outcome of a body.
  @usableFromInline
  package enum Outcome {
    case success(Value)
    case deferred(Deferred<Value>)
    /// The result arrives through the `AwaitingTask`; until then cancelling cancels this.
    case pending(any CancellableCall)
  }

  /// Starts the work that the task awaits.
  @usableFromInline
  package typealias Body = @Sendable (Reactor, AwaitingTask<Value>) throws -> Outcome

  @usableFromInline let remote: RemoteReactor
  /// Cancels the work in progress.
  @usableFromInline var cancelUnderWay: (() -> Void)?
  @usableFromInline var isCancelled = false

  @inlinable
  package init(on remote: RemoteReactor) { self.remote = remote }

  /// Runs `body` on the reactor's thread, in its next turn, and awaits the outcome.
  @inlinable
  package func run(
    at site: CallSite, isolation: isolated (any Actor)? = #isolation, _ body: @escaping Body
  ) async throws -> Value {
    let needsPool = resumesOnPool(isolation)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation(isolation: isolation) { continuation in
        let task = AwaitingTask(continuation, of: self, needsPool: needsPool)
        remote.callFromThread(file: site.file, line: site.line) { [self] reactor in start(on: reactor, task, body) }
      }
    } onCancel: {
      if remote.isCurrent { cancel() } else { remote.callFromThread { [self] in cancel() } }
    }
  }

  @inlinable
  func start(on reactor: Reactor, _ task: AwaitingTask<Value>, _ body: Body) {
    if isCancelled { return task.finish(.failure(CancelledError())) }
    do {
      switch try body(reactor, task) {
      case .success(let value): task.finish(.success(value))
      case .pending(let call): if task.isWaiting { cancelUnderWay = { call.cancel() } }
      case .deferred(let deferred):
        // Its producer retains it. A second reference here would make a call whose producer is released wait for ever.
        // Weak: this function's caller still has the task when the Deferred is freed.
        if task.isWaiting { cancelUnderWay = { [weak deferred] in deferred?.cancel() } }
        deferred.addBoth { result in task.finish(result) }
      }
    } catch { task.finish(.failure(error)) }
  }

  @inlinable
  func cancel() {
    isCancelled = true
    cancelUnderWay?()
  }
}

/// The task that awaits a call. Only the producer of the result holds this, never the task itself. So releasing the
/// producer, as with the reactor, releases this, which resumes the task with an error.
///
/// Unchecked: only the reactor's thread, who resumes it, and the last release, access it, one after the other.
@usableFromInline
package final class AwaitingTask<Value: Sendable>: Resumption, @unchecked Sendable {
  @usableFromInline var continuation: CheckedContinuation<Value, any Error>?
  /// The result, until the task is resumed.
  @usableFromInline var result: Result<Value, any Error>?
  @usableFromInline let call: AwaitedCall<Value>
  @usableFromInline let needsPool: Bool
  /// Whether it has no result yet. Only the reactor's thread accesses this, also while another one resumes the task.
  @usableFromInline package private(set) var isWaiting = true

  @inlinable
  init(_ continuation: CheckedContinuation<Value, any Error>, of call: AwaitedCall<Value>, needsPool: Bool) {
    self.continuation = continuation
    self.call = call
    self.needsPool = needsPool
  }

  @inlinable
  deinit {
    guard let continuation else { return }
    call.cancelUnderWay = nil
    continuation.resume(with: result ?? .failure(ReactorReleasedError()))
  }

  /// Delivers the result, once.
  @inlinable
  package func finish(_ result: Result<Value, any Error>) {
    guard isWaiting else { return }
    isWaiting = false
    call.cancelUnderWay = nil
    self.result = result
    if needsPool { call.remote.resume(self) } else { resume() }
  }

  @inlinable
  override func resume() {
    if let result = result.take() { continuation.take()?.resume(with: result) }
  }
}
