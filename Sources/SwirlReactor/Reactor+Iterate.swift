import SwirlDeferred

extension Reactor {
  /// Runs one turn of the loop: what is due now, and then the events of descriptors and signals, for which it waits up
  /// to `delay`; calls that these cause wait for the next turn. For a program whose own loop leads, such as that of a
  /// game, and for tests. Twisted: `iterate`; libuv: `UV_RUN_ONCE`, and `UV_RUN_NOWAIT` without a delay.
  ///
  /// ```swift
  /// while isPlaying {
  ///   draw()
  ///   reactor.iterate()
  /// }
  /// ```
  ///
  /// Its traps:
  /// - It must not be called from a callback, nor while ``run(handlingSignals:)`` runs: the turn around it would
  ///   resume with a state that changed under it. That is an error of the program, which ends it. Await, or use
  ///   callbacks.
  /// - Nothing happens between two calls: connections starve, and timers are late by the pause.
  /// - Startup triggers and ``callWhenRunning(file:line:_:)`` from outside of a turn wait for `run`, and SIGINT keeps
  ///   its effect. ``stop()`` makes the next `run` end; here it only ends the wait.
  ///
  /// - Parameter delay: how long to wait for events; zero, the default, only takes those that are there. Work that is
  ///   due or queued ends the wait.
  public func iterate(_ delay: Duration = .zero) {
    require(
      state == .idle,
      "reactor.iterate() was called from a callback, or while reactor.run() runs: the loop does not nest")
    if isMain { MainQueue.checkMayRun() }
    let previous = CurrentReactor.replace(with: self)
    defer { CurrentReactor.replace(with: previous) }
    state = .running
    let mainQueue = isMain ? MainQueue(of: self) : nil
    mainQueue?.drain()
    if state == .running {
      let (limit, overflow) = readClock().addingReportingOverflow(max(0, delay.nanoseconds))
      turn(until: overflow ? .max - 1 : limit)
    }
    state = .idle
    mainQueue?.close()
    if isMain { giveBackJobs() }
  }
}
