import Dispatch
package import SwirlDeferred

extension RemoteReactor: SerialExecutor, TaskExecutor {
  /// Runs a job of a task on the reactor's thread, for the Swift runtime.
  ///
  /// An actor whose `unownedExecutor` is that of a remote runs on the reactor's thread: it may use the reactor's
  /// objects without a hop. So does a task with the remote as its executor preference:
  ///
  /// ```swift
  /// actor Crawler {
  ///   private let remote: RemoteReactor
  ///   nonisolated var unownedExecutor: UnownedSerialExecutor { remote.asUnownedSerialExecutor() }
  ///   …
  /// }
  /// Task(executorPreference: remote) { … }
  /// ```
  ///
  /// On the reactor's own thread it makes no system call; from other threads, simultaneous jobs share one wake-up. Jobs
  /// wait while the reactor does not run. After it is released they continue, one after the other, on another thread,
  /// so that no task is lost; calls that need the reactor fail there.
  public func enqueue(_ job: consuming ExecutorJob) {
    // On the main thread a task with this preference switches to the main actor without being enqueued again.
    let serial = isMain ? MainActor.sharedUnownedExecutor : nil
    run(TaskPiece(UnownedJob(job), at: TaskPlace(serial, asUnownedTaskExecutor())))
  }

  /// The reactor, if this is its thread and it runs.
  var running: Reactor? {
    guard let running = Reactor.running, running.remote === self else { return nil }
    return running
  }

  /// Whether this is the reactor's thread, and the reactor runs.
  @usableFromInline
  package var isCurrent: Bool { running != nil }

  /// Whether the caller is on the reactor's thread while the reactor runs: so `assumeIsolated` works in its callbacks.
  public func isIsolatingCurrentContext() -> Bool? { isCurrent }

  /// Traps if the caller is not on the reactor's thread.
  public func checkIsolated() {
    require(
      isCurrent,
      "this must run on the reactor's own thread, in one of its callbacks: come there with remote.callFromThread")
  }

  /// The executor, for an actor's `unownedExecutor`.
  public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: actorExecutor) }
}

extension RemoteReactor {
  /// Runs a job on the reactor's thread, after the current callback.
  fileprivate func run(_ piece: TaskPiece) {
    if let reactor = running {
      reactor.enqueue(piece)
    } else if !send(piece) {
      runWithoutReactor(piece)
    }
  }
}

/// The executor of the actors on a reactor's thread.
///
/// A separate object from the executor of tasks that prefer the thread, because each job must know on which of the two
/// it runs: with the wrong one a task is enqueued once more at each call of its actor.
final class ActorExecutor: SerialExecutor {
  // Safe: the remote, which owns this, sets it once before it publishes this; unowned for the same reason.
  nonisolated(unsafe) unowned var remote: RemoteReactor!

  func enqueue(_ job: consuming ExecutorJob) {
    remote.run(TaskPiece(UnownedJob(job), at: TaskPlace(asUnownedSerialExecutor(), nil)))
  }

  func isIsolatingCurrentContext() -> Bool? { remote.isIsolatingCurrentContext() }
  func checkIsolated() { remote.checkIsolated() }
}

extension RemoteReactor: DeferredHome {
  package func currentTask(of isolation: (any Actor)?) -> (any TaskAtHome)? { ParkedTask(at: self, of: isolation) }

  func place(of isolation: (any Actor)?, preferring taskExecutor: UnownedTaskExecutor?) -> TaskPlace? {
    guard let isolation else {
      let own = asUnownedTaskExecutor()
      return taskExecutor == own && !isMain ? TaskPlace(nil, own) : nil
    }
    if isMain, isolation === MainActor.shared { return TaskPlace(MainActor.sharedUnownedExecutor, taskExecutor) }
    let serial = isolation.unownedExecutor
    return serial.isSame(as: asUnownedSerialExecutor()) ? TaskPlace(serial, taskExecutor) : nil
  }

  // The main thread continues without its reactor, and so do the tasks there.

  func goOn(_ piece: TaskPiece) {
    if isMain, running == nil {
      DispatchQueue.main.async { piece.run() }
    } else {
      run(piece)
    }
  }

  /// Calls `body` on the reactor's thread, after the current callback.
  func callAtHome(_ body: @escaping @Sendable () -> Void) {
    if isMain { DispatchQueue.main.async(execute: body) } else { callFromThread(body) }
  }
}

extension UnownedSerialExecutor {
  /// Compares the bits, an object and its witness table, because no public API compares executors.
  fileprivate func isSame(as other: UnownedSerialExecutor) -> Bool {
    unsafeBitCast(self, to: (UInt, UInt).self) == unsafeBitCast(other, to: (UInt, UInt).self)
  }

  /// Whether it is that of an actor without an executor of its own: those have no witness table.
  var isOfDefaultActor: Bool { unsafeBitCast(self, to: (UInt, UInt).self).1 == 0 }
}
