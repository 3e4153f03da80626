public import SwirlDeferred

/// Splits long computations over several turns, so that they do not block the reactor.
///
/// ```swift
/// cooperate(lines, clock: reactor) { line in index.add(line) }.whenDone().addCallback { print("done") }
/// ```
///
/// The tasks of one cooperator take steps in rotation, for `turnTime` in each turn of the loop. Use it on the reactor's
/// thread. Twisted: `Cooperator`, `cooperate`, `coiterate`.
public final class Cooperator {
  private let clock: any ReactorTime
  private let site: CallSite
  private let turnTime: Duration
  private var tasks: [CooperativeTask] = []
  private var next = 0
  private var call: (any CancellableCall)?

  /// - Parameters:
  ///   - clock: the clock that runs its turns, such as the reactor.
  ///   - turnTime: its time budget in each turn of the loop; a single step may exceed it.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  public init(
    clock: some ReactorTime, turnTime: Duration = .milliseconds(5), file: StaticString = #fileID, line: UInt = #line
  ) {
    self.clock = clock
    site = CallSite(file: file, line: line)
    self.turnTime = turnTime
  }

  /// Calls `step` for each of `items`, a few in each turn. An error that it throws ends the task.
  @_disfavoredOverload  // A step whose last statement is a Deferred is for the next form.
  @discardableResult
  public func cooperate<Items: Sequence>(
    _ items: Items, _ step: @escaping (Items.Element) throws -> Void
  ) -> CooperativeTask {
    add(items) {
      try step($0)
      return nil
    }
  }

  /// Calls `step` for each of `items`; the next step waits for the Deferred that `step` returns.
  @discardableResult
  public func cooperate<Items: Sequence, Inner: DeferredType>(
    _ items: Items, @DeferredBody _ step: @escaping (Items.Element) throws -> Inner
  ) -> CooperativeTask {
    add(items) { try step($0).withoutValue }
  }

  // Disfavored: its only purpose is the type context for a step that returns `.succeed()`.
  /// Calls `step` for each of `items`; the next step waits for the Deferred that `step` returns.
  @_disfavoredOverload
  @discardableResult
  public func cooperate<Items: Sequence>(
    _ items: Items, @VoidDeferredBody _ step: @escaping (Items.Element) throws -> Deferred<Void>
  ) -> CooperativeTask {
    add(items) { try step($0) }
  }

  private func add<Items: Sequence>(
    _ items: Items, _ step: @escaping (Items.Element) throws -> Deferred<Void>?
  ) -> CooperativeTask {
    var remaining = items.makeIterator()
    let task = CooperativeTask(of: self) {
      guard let item = remaining.next() else { return .end }
      return try step(item).map { .wait($0) } ?? .more
    }
    goOn(task)
    return task
  }

  func goOn(_ task: CooperativeTask) {
    tasks.append(task)
    task.kept = nil
    if call == nil { callTurn() }
  }

  func remove(_ task: CooperativeTask) {
    guard let index = tasks.firstIndex(where: { $0 === task }) else { return }
    tasks.remove(at: index)
    task.kept = self
    if next > index { next -= 1 }
  }

  private func turn() {
    call = nil
    let end = clock.now + turnTime
    repeat {
      if tasks.isEmpty { return }
      if next >= tasks.count { next = 0 }
      let task = tasks[next]
      next += 1
      task.takeStep()
    } while clock.now < end
    if call == nil, !tasks.isEmpty { callTurn() }
  }

  private func callTurn() {
    call = clock.callLater(.zero, file: site.file, line: site.line) { [self] in turn() }
  }
}

/// A task on a ``Cooperator``. Twisted: `CooperativeTask`.
public final class CooperativeTask {
  enum Step {
    case more
    case wait(Deferred<Void>)
    case end
  }
  private enum State {
    case running
    case waiting
    case over(Result<Void, any Error>)
  }
  private unowned let cooperator: Cooperator
  /// Retains the cooperator while the task is not on its list. On the list, the reactor's pending call retains both.
  fileprivate var kept: Cooperator?
  private var step: (() throws -> Step)?
  private var state = State.running
  private var pauses = 0
  private var waiters: [Deferred<Void>] = []
  /// A failure without a `whenDone()`: it is reported when the task is released.
  private var unseen: Deferred<Void>?

  init(of cooperator: Cooperator, _ step: @escaping () throws -> Step) {
    self.cooperator = cooperator
    self.step = step
  }

  /// Fires when all steps are done; fails with the error of a step, or with `CancelledError` if the task was stopped.
  /// Cancelling it stops the task.
  public func whenDone(file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    let deferred = Deferred<Void>(canceller: { [weak self] _ in self?.stop() }, file: file, line: line)
    unseen.take()?.addErrback { _ in }
    if case .over(let result) = state { deferred.fire(with: result) } else { waiters.append(deferred) }
    return deferred
  }

  /// Takes no steps until `resume()` was called as often as `pause()`.
  public func pause() {
    pauses += 1
    if pauses == 1, case .running = state { cooperator.remove(self) }
  }

  /// Resumes the task.
  public func resume() {
    require(pauses > 0, "resume of a task that is not paused")
    pauses -= 1
    if pauses == 0, case .running = state { cooperator.goOn(self) }
  }

  /// Ends the task: `whenDone()` fails with `CancelledError`. It does not cancel the Deferred of the current step.
  public func stop() { end(.failure(CancelledError())) }

  func takeStep() {
    do {
      switch try step?() {
      case .more, nil: return
      case .end: end(.success(()))
      case .wait(let deferred):
        guard case .running = state else { return }
        if pauses == 0 { cooperator.remove(self) }
        state = .waiting
        deferred.addBoth { [self] result in goOn(after: result) }
      }
    } catch { end(.failure(error)) }
  }

  private func goOn(after result: Result<Void, any Error>) {
    guard case .waiting = state else { return }
    if case .failure = result { return end(result) }
    state = .running
    if pauses == 0 { cooperator.goOn(self) }
  }

  private func end(_ result: Result<Void, any Error>) {
    if case .over = state { return }
    if case .running = state, pauses == 0 { cooperator.remove(self) }
    state = .over(result)
    step = nil
    kept = nil
    if case .failure(let error) = result, waiters.isEmpty, !(error is CancelledError) { unseen = .fail(error) }
    for waiter in waiters where !waiter.isFired { waiter.fire(with: result) }
    waiters = []
  }
}

/// Runs `step` for each of `items` a few at a time in each turn of the loop: on a cooperator of its own.
@_disfavoredOverload  // A step whose last statement is a Deferred is for the next form.
@discardableResult
public func cooperate<Items: Sequence>(
  _ items: Items, clock: some ReactorTime, file: StaticString = #fileID, line: UInt = #line,
  _ step: @escaping (Items.Element) throws -> Void
) -> CooperativeTask {
  Cooperator(clock: clock, file: file, line: line).cooperate(items, step)
}

/// Runs `step` for each of `items` on a cooperator of its own; the next step waits for the Deferred that `step`
/// returns.
@discardableResult
public func cooperate<Items: Sequence, Inner: DeferredType>(
  _ items: Items, clock: some ReactorTime, file: StaticString = #fileID, line: UInt = #line,
  @DeferredBody _ step: @escaping (Items.Element) throws -> Inner
) -> CooperativeTask {
  Cooperator(clock: clock, file: file, line: line).cooperate(items, step)
}

@available(*, unavailable, message: "A cooperator belongs to its reactor's thread")
extension Cooperator: Sendable {}
@available(*, unavailable, message: "A task belongs to its reactor's thread")
extension CooperativeTask: Sendable {}
