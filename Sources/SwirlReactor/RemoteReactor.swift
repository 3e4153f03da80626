import Dispatch
import SwirlDeferred

/// The interface of a reactor for other threads: its only `Sendable` part.
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

  // Its state is only accessed under the lock: that is why `Sendable` is unchecked.
  private let lock = Lock()
  // Exempt from run-time checks for overlapping access, which the lock makes superfluous: no callback runs under it.
  @exclusivity(unchecked) private var calls: [Call] = []
  /// Jobs of tasks, each of which runs once.
  @exclusivity(unchecked) private var jobs: [TaskPiece] = []
  /// Whether the reactor waits, or is about to, and needs a wake-up.
  private var isAsleep = true
  /// Whether the reactor is released.
  private var isGone = false
  let wakeUp = WakeUp()
  /// Whether its reactor is the main reactor.
  let isMain: Bool
  let actorExecutor = ActorExecutor()
  let park = TaskPark()

  init(isMain: Bool = false) {
    self.isMain = isMain
    actorExecutor.remote = self
  }

  deinit { wakeUp.close() }

  /// Calls `body` on the reactor's thread, in FIFO order; if it does not run, once it runs.
  ///
  /// May be called from any thread, the reactor's own included: there it runs after the current callback. Simultaneous
  /// calls share one wake-up. After the reactor is released, calls are dropped. An error that `body` throws is logged.
  /// Twisted: `callFromThread`; asyncio: `call_soon_threadsafe`.
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

  /// Passes a job to the reactor; false if that is released.
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

  /// Takes the pending calls and jobs. If it finds neither, the next one wakes the reactor.
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

  /// Whether nothing is pending: the next call or job wakes the reactor, which may wait.
  func fallAsleep() -> Bool {
    lock.withLock {
      isAsleep = calls.isEmpty && jobs.isEmpty
      return isAsleep
    }
  }

  /// Whether the reactor is released.
  package var isClosed: Bool { lock.withLock { isGone } }

  /// Drops pending and later calls. The jobs continue without the reactor, in FIFO order: first those that it has
  /// taken, then the pending ones, then later ones.
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
    // Releases the calls' captures here, outside the lock. Jobs are never dropped.
    withExtendedLifetime(dropped) {}
  }

  /// Where an actor's jobs continue after its reactor is released: one after the other, as before.
  private let orphanage = DispatchQueue(label: "swirl.reactor.gone")

  func runWithoutReactor(_ piece: TaskPiece) {
    // Retain this until then, because it is the executor.
    orphanage.async { withExtendedLifetime(self) { piece.run() } }
  }
}
