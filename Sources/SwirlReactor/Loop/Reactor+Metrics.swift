import SwirlDeferred

/// A point in each turn of a reactor at which it calls hooks. libuv: `uv_prepare_t` and `uv_check_t`.
public enum LoopPoint: Sendable, Hashable {
  /// The calls, timers and tasks of the turn are done; the loop is about to wait.
  case beforeWaiting
  /// The wait has ended; the callbacks of descriptors and signals come next.
  case afterWaiting
}

/// A hook of the loop, for ``Reactor/removeLoopHook(_:)``.
public struct LoopHook: Sendable {
  let id: Int
}

/// Metrics of a reactor's loop since measuring started.
public struct LoopMetrics: Sendable, Hashable {
  /// The number of turns.
  public internal(set) var turns = 0
  /// The duration of each turn's work, from the end of a wait to the start of the next: no other event is served
  /// meanwhile.
  public internal(set) var turnTime = DurationHistogram()
  /// The lateness of timers.
  public internal(set) var lag = DurationHistogram()
  /// The total time that the loop has waited.
  public internal(set) var waiting = Duration.zero
}

extension Reactor {
  /// Whether the loop is measured; false by default, at no cost.
  ///
  /// Setting it to false drops the metrics; setting it to true again starts anew. See also ``slowCallbackThreshold``,
  /// the counterpart of asyncio's `loop.slow_callback_duration`.
  public var isMeasured: Bool {
    get { observer?.metrics != nil }
    set { if newValue || observer != nil { makeObserver().measure(newValue) } }
  }

  /// The metrics of the loop so far; nil while ``isMeasured`` is false.
  public var metrics: LoopMetrics? { observer?.metrics }

  /// Calls `body` at a point of each turn, on the reactor's thread, until it is removed. An error that it throws is
  /// logged.
  ///
  /// Hooks of a point run in FIFO order. A `callSoon` in a hook before the wait keeps the loop from waiting.
  @discardableResult
  public func addLoopHook(
    _ point: LoopPoint, file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
  ) -> LoopHook {
    LoopHook(id: makeObserver().add(point, CallSite(file: file, line: line), body))
  }

  /// Removes a hook. Does nothing if it was removed already.
  public func removeLoopHook(_ hook: LoopHook) { observer?.remove(hook.id) }

  private func makeObserver() -> LoopObserver {
    if let observer { return observer }
    let observer = LoopObserver()
    self.observer = observer
    return observer
  }
}
