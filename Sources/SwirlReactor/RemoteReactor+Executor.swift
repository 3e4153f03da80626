import SwirlDeferred

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
    let job = UnownedJob(job)
    if let reactor = running {
      reactor.enqueue(job)
    } else if !send(job) {
      runWithoutReactor(job)
    }
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
    precondition(
      isCurrent,
      "this must run on the reactor's own thread, in one of its callbacks: come there with remote.callFromThread")
  }

  /// The executor, for an actor's `unownedExecutor`.
  public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}
