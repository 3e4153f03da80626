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
    return try await call.run(at: CallSite(file: file, line: line)) { .success(try body($0)) }
  }

  /// Runs `body` on the reactor's thread, awaits the Deferred that it returns, and returns its result. When the task is
  /// cancelled, so is the Deferred.
  ///
  /// ```swift
  /// let page = try await thread.run { _ in fetch(url).addCallback(\.text) }
  /// ```
  public func run<Value: Sendable>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Deferred<Value>
  ) async throws -> Value {
    let call = AwaitedCall<Value>(on: self)
    return try await call.run(at: CallSite(file: file, line: line)) { .deferred(try body($0)) }
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
/// Unchecked: after it was started, its fields are only touched on the reactor's thread; when the reactor goes away, they go
/// with the last reference.
package final class AwaitedCall<Value: Sendable>: @unchecked Sendable {
  /// What a body gives.
  package enum Outcome {
    case success(Value)
    case deferred(Deferred<Value>)
    /// The result comes through `finish`; until then this is what cancelling cancels.
    case pending(any CancellableCall)
  }

  private let remote: RemoteReactor
  private var task: CheckedContinuation<Value, any Error>?
  /// What cancelling cancels.
  private var cancelUnderWay: (() -> Void)?
  private var isCancelled = false

  package init(on remote: RemoteReactor) { self.remote = remote }

  // It was dropped with the reactor.
  deinit { task?.resume(throwing: ReactorGoneError()) }

  /// Runs `body` on the reactor's thread, at once where that is this one and `startsNow`, and awaits what comes of it.
  package func run(
    at site: CallSite, startsNow: Bool = false, isolation: isolated (any Actor)? = #isolation,
    _ body: @escaping @Sendable (Reactor) throws -> Outcome
  ) async throws -> Value {
    let runsHere = startsNow && remote.isCurrent
    // As in `Deferred.value`: so that the task comes back without leaving the thread.
    guard runsHere, isolation != nil, !(isolation is MainActor) else {
      return try await start(at: site, runsHere, isolation, body)
    }
    return try await withTaskExecutorPreference(remote, isolation: isolation) {
      try await start(at: site, runsHere, isolation, body)
    }
  }

  private func start(
    at site: CallSite, _ runsHere: Bool, _ isolation: isolated (any Actor)?,
    _ body: @escaping @Sendable (Reactor) throws -> Outcome
  ) async throws -> Value {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation(isolation: isolation) { task in
        self.task = task
        if runsHere, let running = Reactor.running {
          start(on: running, body)
        } else {
          remote.callFromThread(file: site.file, line: site.line) { [self] reactor in start(on: reactor, body) }
        }
      }
    } onCancel: {
      if remote.isCurrent { cancel() } else { remote.callFromThread { [self] in cancel() } }
    }
  }

  private func start(on reactor: Reactor, _ body: (Reactor) throws -> Outcome) {
    if isCancelled { return finish(.failure(CancelledError())) }
    do {
      switch try body(reactor) {
      case .success(let value): finish(.success(value))
      case .pending(let call): if task != nil { cancelUnderWay = { call.cancel() } }
      case .deferred(let deferred):
        // Its producer keeps it. Were it kept from here too, a call whose producer goes away would wait for ever.
        cancelUnderWay = { [weak deferred] in deferred?.cancel() }
        deferred.addBoth { [self] result in finish(result) }
      }
    } catch { finish(.failure(error)) }
  }

  /// Gives the result, once.
  package func finish(_ result: Result<Value, any Error>) {
    cancelUnderWay = nil
    task.take()?.resume(with: result)
  }

  private func cancel() {
    isCancelled = true
    cancelUnderWay?()
  }
}
