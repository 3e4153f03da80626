public import SwirlDeferred

extension RemoteReactor {
  /// Runs `body` on the reactor's thread and returns what it returns, or throws what it throws.
  ///
  /// From any thread or actor; on the reactor's own thread `body` runs in the next turn. Throws ``ReactorGoneError`` when the
  /// reactor has gone away before. asyncio: `run_coroutine_threadsafe`; Twisted: `deferToThread`'s counterpart,
  /// `blockingCallFromThread`, without blocking.
  public func run<Value: Sendable>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Value
  ) async throws -> Value {
    let call = AwaitedCall<Value>(on: self)
    return try await call.run(at: CallSite(file: file, line: line)) { reactor, _ in .success(try body(reactor)) }
  }

  /// Runs `body` on the reactor's thread, awaits the Deferred that it returns, and returns its result. When the task is
  /// cancelled, so is the Deferred.
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

  // Disfavored: it only gives a context to a body that returns `.succeed(x)`.
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

/// What an awaited call fails with when its reactor has gone away, or goes before the call has its result.
public struct ReactorGoneError: Error, Hashable, CustomStringConvertible {
  package init() {}

  /// What happened and what to do.
  public var description: String {
    "the reactor has gone away before there was a result: keep it, and its thread, until what uses it has ended"
  }
}

/// A call that a task on any thread awaits, from its start on the reactor's thread to its result.
///
/// Unchecked: what changes is only touched on the reactor's thread.
package final class AwaitedCall<Value: Sendable>: @unchecked Sendable {
  /// What a body gives.
  package enum Outcome {
    case success(Value)
    case deferred(Deferred<Value>)
    /// The result comes through the `AwaitingTask`; until then this is what cancelling cancels.
    case pending(any CancellableCall)
  }

  /// Begins what the task awaits.
  package typealias Body = @Sendable (Reactor, AwaitingTask<Value>) throws -> Outcome

  private let remote: RemoteReactor
  /// What cancelling cancels.
  fileprivate var cancelUnderWay: (() -> Void)?
  private var isCancelled = false

  package init(on remote: RemoteReactor) { self.remote = remote }

  /// Runs `body` on the reactor's thread, in its next turn, and awaits what comes of it.
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
        // Its producer keeps it. Were it kept from here too, a call whose producer goes away would wait for ever.
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

/// The task that awaits a call. Only what will bring the result holds this, never the task itself: so it goes away where
/// that does, as with the reactor, and the task is told.
///
/// Unchecked: it is touched on the reactor's thread, and by the last who lets go of it.
package final class AwaitingTask<Value: Sendable>: @unchecked Sendable {
  private var continuation: CheckedContinuation<Value, any Error>?
  private let call: AwaitedCall<Value>

  fileprivate init(_ continuation: CheckedContinuation<Value, any Error>, of call: AwaitedCall<Value>) {
    self.continuation = continuation
    self.call = call
  }

  deinit { continuation?.resume(throwing: ReactorGoneError()) }

  fileprivate var isWaiting: Bool { continuation != nil }

  /// Gives the result, once.
  package func finish(_ result: Result<Value, any Error>) {
    call.cancelUnderWay = nil
    continuation.take()?.resume(with: result)
  }
}
