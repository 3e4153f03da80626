import Dispatch
import SwirlDeferred

/// The face of a reactor that other threads may use: the only part of it that is `Sendable`.
///
/// ```swift
/// let remote = reactor.remote
/// startThread { remote.callFromThread { reactor in reactor.stop() } }
/// ```
///
/// It is also an executor: see `RemoteReactor+Executor.swift`.
public final class RemoteReactor: @unchecked Sendable {
  /// A call for the reactor's next turn.
  struct Call: Sendable {
    let site: CallSite
    let body: @Sendable (Reactor) throws -> Void
  }

  // What changes is only touched under the lock: that is why `Sendable` is unchecked.
  private let lock = Lock()
  // Exempt from run-time checks for overlapping access, which the lock makes superfluous: nothing is called under it.
  @exclusivity(unchecked) private var calls: [Call] = []
  /// Pieces of tasks, each of which runs once.
  @exclusivity(unchecked) private var jobs: [TaskPiece] = []
  /// Whether the reactor waits, or is about to, and has to be woken.
  private var isAsleep = true
  /// Whether the reactor has gone away.
  private var isGone = false
  let wakeUp = WakeUp()
  /// Whether it is the main reactor's.
  let isMain: Bool
  let actorExecutor = ActorExecutor()
  let park = TaskPark()

  init(isMain: Bool = false) {
    self.isMain = isMain
    actorExecutor.remote = self
  }

  deinit { wakeUp.close() }

  /// Calls `body` on the reactor's thread, in the order of the calls; when it does not run, once it runs.
  ///
  /// May be called from any thread, the reactor's own included: there it runs after the present callback. The reactor is
  /// woken once for all the calls that come together. When the reactor has gone away nothing is called. An error that `body`
  /// throws is logged. Twisted: `callFromThread`; asyncio: `call_soon_threadsafe`.
  public func callFromThread(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Void
  ) {
    let call = Call(site: CallSite(file: file, line: line), body: body)
    let mustWake = lock.withLock {
      if isGone { return false }
      calls.append(call)
      defer { isAsleep = false }
      return isAsleep
    }
    if mustWake { wakeUp.signal() }
  }

  /// Hands a piece of a task to the reactor; false when that has gone away.
  func send(_ piece: TaskPiece) -> Bool {
    let (isTaken, mustWake) = lock.withLock {
      if isGone { return (false, false) }
      jobs.append(piece)
      defer { isAsleep = false }
      return (true, isAsleep)
    }
    if mustWake { wakeUp.signal() }
    return isTaken
  }

  /// Calls `body` on the reactor's thread.
  public func callFromThread(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable () throws -> Void
  ) {
    callFromThread(file: file, line: line) { _ in try body() }
  }

  /// Stops the reactor, as its own `stop()` does.
  public func stop() {
    callFromThread { $0.stop() }
  }

  // MARK: - The reactor's side

  /// Takes the calls that have come, and hands over the tasks. When there are neither, the next one wakes the reactor.
  func takeCalls(reusing empty: inout [Call], jobs reactorJobs: inout [TaskPiece]) -> Bool {
    lock.withLock {
      isAsleep = calls.isEmpty && jobs.isEmpty
      if isAsleep { return false }
      swap(&calls, &empty)
      if !jobs.isEmpty {
        reactorJobs.append(contentsOf: jobs)
        jobs.removeAll(keepingCapacity: true)
      }
      return true
    }
  }

  /// Whether the reactor has gone away.
  package var isClosed: Bool { lock.withLock { isGone } }

  /// Drops the calls that have come and those that will. The tasks go on without the reactor, in the order in which they
  /// came: first those that it has taken, then those that it has not, then those that will come.
  func close(leaving taken: [TaskPiece]) {
    let dropped = lock.withLock {
      isGone = true
      for piece in taken + jobs { runWithoutReactor(piece) }
      defer {
        calls = []
        jobs = []
      }
      return calls
    }
    // What the calls capture is released here, not under the lock. A task, though, is never lost.
    withExtendedLifetime(dropped) {}
  }

  /// Where the tasks of an actor go on whose reactor has gone away: one after the other, as before.
  private let orphanage = DispatchQueue(label: "swirl.reactor.gone")

  func runWithoutReactor(_ piece: TaskPiece) {
    // Until then this is needed: it is the executor.
    orphanage.async { withExtendedLifetime(self) { piece.run() } }
  }
}
