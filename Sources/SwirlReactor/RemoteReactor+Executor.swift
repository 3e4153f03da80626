import Dispatch
package import SwirlDeferred

extension RemoteReactor: SerialExecutor, TaskExecutor {
  /// Runs a piece of a task on the reactor's thread, for the Swift runtime.
  ///
  /// An actor whose `unownedExecutor` is that of a remote lives on the reactor's thread: it may use what belongs to the
  /// reactor, without a hop. So does a task with the remote as its executor preference:
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
  /// From the reactor's own thread it makes no system call; from others the reactor is woken once for all that come
  /// together. Tasks wait while the reactor does not run. When it has gone away they still go on, one after the other, on
  /// another thread, so that none is lost; what needs the reactor fails there.
  public func enqueue(_ job: consuming ExecutorJob) {
    // On the main thread a task with this preference goes on to the main actor without being queued for it.
    let serial = isMain ? MainActor.sharedUnownedExecutor : nil
    run(TaskPiece(UnownedJob(job), at: TaskPlace(serial, asUnownedTaskExecutor())))
  }

  /// The reactor, on its own thread, while it runs.
  private var running: Reactor? {
    guard let running = Reactor.running, running.remote === self else { return nil }
    return running
  }

  /// Whether this thread is the reactor's, and the reactor runs on it.
  package var isCurrent: Bool { running != nil }

  /// Whether the code that asks runs on the reactor's thread, while that runs: so `assumeIsolated` works in its callbacks.
  public func isIsolatingCurrentContext() -> Bool? { isCurrent }

  /// Stops the program where code that must be on the reactor's thread is not.
  public func checkIsolated() {
    require(
      isCurrent,
      "this must run on the reactor's own thread, in one of its callbacks: come there with remote.callFromThread")
  }

  /// The executor, for an actor's `unownedExecutor`.
  public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: actorExecutor) }
}

extension RemoteReactor {
  /// Runs a piece of a task on the reactor's thread, when the present callback has returned.
  fileprivate func run(_ piece: TaskPiece) {
    if let reactor = running {
      reactor.enqueue(piece)
    } else if !send(piece) {
      runWithoutReactor(piece)
    }
  }
}

/// The executor of the actors that live on a reactor's thread.
///
/// Another object than that of the tasks that prefer the thread, since each piece must be told which of the two it runs on: with
/// the wrong one a task is queued once more at each call of its actor.
final class ActorExecutor: SerialExecutor {
  // Unsafe only in name: set once, by the remote that owns this, before it hands it out; unowned, since it owns this.
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

  // The main thread goes on without its reactor, and so do those who wait there.

  func goOn(_ piece: TaskPiece) {
    if isMain, running == nil {
      DispatchQueue.main.async { piece.run() }
    } else {
      run(piece)
    }
  }

  /// Calls `body` on the reactor's thread, after the present callback.
  func callAtHome(_ body: @escaping @Sendable () -> Void) {
    if isMain { DispatchQueue.main.async(execute: body) } else { callFromThread(body) }
  }
}

extension UnownedSerialExecutor {
  /// Both are what they are made of, an object and its witnesses; there is no public way to compare them.
  fileprivate func isSame(as other: UnownedSerialExecutor) -> Bool {
    unsafeBitCast(self, to: (UInt, UInt).self) == unsafeBitCast(other, to: (UInt, UInt).self)
  }
}
