public import SwirlDeferred

extension RemoteReactor {
  /// Runs `body` on the reactor's thread and returns its value, or throws its error.
  ///
  /// From any thread or actor; on the reactor's own thread `body` runs in the next turn. Throws
  /// ``ReactorReleasedError`` if the reactor is released first. asyncio: `run_coroutine_threadsafe`; Twisted:
  /// `deferToThread`'s counterpart, `blockingCallFromThread`, without blocking.
  public func run<Value: Sendable>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Value
  ) async throws -> Value {
    let call = AwaitedCall<Value>(on: self)
    return try await call.run(at: CallSite(file: file, line: line)) { reactor, _ in .success(try body(reactor)) }
  }

  /// Runs `body` on the reactor's thread, awaits the Deferred that it returns, and returns its result. Cancelling the
  /// task cancels the Deferred.
  ///
  /// ```swift
  /// let page = try await thread.run { _ in fetch(url).addCallback(\.text) }
  /// ```
  public func run<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Inner
  ) async throws -> Inner.Value where Inner.Value: Sendable {
    let call = AwaitedCall<Inner.Value>(on: self)
    return try await call.run(at: CallSite(file: file, line: line)) { reactor, _ in
      .deferred(try body(reactor).asDeferred)
    }
  }

  // Disfavored: its only purpose is the type context for a body that returns `.succeed(x)`.
  /// Runs `body` on the reactor's thread, awaits the Deferred that it returns, and returns its result.
  @_disfavoredOverload
  public func run<Value: Sendable>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Deferred<Value>
  ) async throws -> Value {
    let call = AwaitedCall<Value>(on: self)
    return try await call.run(at: CallSite(file: file, line: line)) { reactor, _ in .deferred(try body(reactor)) }
  }
}

/// The error of an awaited call whose reactor was released before the call had its result.
public struct ReactorReleasedError: Error, Hashable, CustomStringConvertible {
  package init() {}

  /// The error in words, and what to do.
  public var description: String {
    "the reactor was released before there was a result: keep it, and its thread, until what uses it has ended"
  }
}

/// A call that a task on any thread awaits, from its start on the reactor's thread to its result.
///
/// Unchecked: its state is only accessed on the reactor's thread.
package final class AwaitedCall<Value: Sendable>: @unchecked Sendable {
  /// The outcome of a body.
  package enum Outcome {
    case success(Value)
    case deferred(Deferred<Value>)
    /// The result arrives through the `AwaitingTask`; until then cancelling cancels this.
    case pending(any CancellableCall)
  }

  /// Starts the work that the task awaits.
  package typealias Body = @Sendable (Reactor, AwaitingTask<Value>) throws -> Outcome

  private let remote: RemoteReactor
  /// Cancels the work in progress.
  fileprivate var cancelUnderWay: (() -> Void)?
  private var isCancelled = false

  package init(on remote: RemoteReactor) { self.remote = remote }

  /// Runs `body` on the reactor's thread, in its next turn, and awaits the outcome.
  package func run(
    at site: CallSite, isolation: isolated (any Actor)? = #isolation, _ body: @escaping Body
  ) async throws -> Value {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation(isolation: isolation) { continuation in
        let task = AwaitingTask(continuation, of: self)
        remote.callFromThread(file: site.file, line: site.line) { [self] reactor in start(on: reactor, task, body) }
      }
    } onCancel: {
      if remote.isCurrent { cancel() } else { remote.callFromThread { [self] in cancel() } }
    }
  }

  private func start(on reactor: Reactor, _ task: AwaitingTask<Value>, _ body: Body) {
    if isCancelled { return task.finish(.failure(CancelledError())) }
    do {
      switch try body(reactor, task) {
      case .success(let value): task.finish(.success(value))
      case .pending(let call): if task.isWaiting { cancelUnderWay = { call.cancel() } }
      case .deferred(let deferred):
        // Its producer retains it. A second reference here would make a call whose producer is released wait for ever.
        cancelUnderWay = { [weak deferred] in deferred?.cancel() }
        deferred.addBoth { result in task.finish(result) }
      }
    } catch { task.finish(.failure(error)) }
  }

  private func cancel() {
    isCancelled = true
    cancelUnderWay?()
  }
}

/// The task that awaits a call. Only the producer of the result holds this, never the task itself. So releasing the
/// producer, as with the reactor, releases this, which resumes the task with an error.
///
/// Unchecked: only the reactor's thread, and the last release, access it.
package final class AwaitingTask<Value: Sendable>: @unchecked Sendable {
  private var continuation: CheckedContinuation<Value, any Error>?
  private let call: AwaitedCall<Value>

  fileprivate init(_ continuation: CheckedContinuation<Value, any Error>, of call: AwaitedCall<Value>) {
    self.continuation = continuation
    self.call = call
  }

  deinit { continuation?.resume(throwing: ReactorReleasedError()) }

  fileprivate var isWaiting: Bool { continuation != nil }

  /// Delivers the result, once.
  package func finish(_ result: Result<Value, any Error>) {
    call.cancelUnderWay = nil
    continuation.take()?.resume(with: result)
  }
}
