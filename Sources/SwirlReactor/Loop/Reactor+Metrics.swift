import SwirlDeferred

/// A point in each turn of a reactor at which hooks are called. libuv: `uv_prepare_t` and `uv_check_t`.
public enum LoopPoint: Sendable, Hashable {
  /// The calls, timers and tasks of the turn are done; the loop is about to wait.
  case beforeWaiting
  /// The wait is over; the callbacks of descriptors and signals come next.
  case afterWaiting
}

/// A hook of the loop, for ``Reactor/removeLoopHook(_:)``.
public struct LoopHook: Sendable {
  let id: Int
}

/// Figures of a reactor's loop since measuring began.
public struct LoopMetrics: Sendable, Hashable {
  /// How many turns have begun.
  public internal(set) var turns = 0
  /// How long each turn worked, from the end of a wait to the beginning of the next: while it works, nothing else is served.
  public internal(set) var turnTime = DurationHistogram()
  /// How late timers were called.
  public internal(set) var lag = DurationHistogram()
  /// How long the loop has waited in all.
  public internal(set) var waiting = Duration.zero
}

extension Reactor {
  /// Whether the loop is measured; false by default, and then it costs nothing.
  ///
  /// Setting it to false drops the figures; setting it to true again begins anew. asyncio's `loop.slow_callback_duration` has its
  /// counterpart in ``slowCallbackThreshold``.
  public var isMeasured: Bool {
    get { observer?.metrics != nil }
    set { if newValue || observer != nil { makeObserver().measure(newValue) } }
  }

  /// The figures of the loop so far; nil while ``isMeasured`` is false.
  public var metrics: LoopMetrics? { observer?.metrics }

  /// Calls `body` at a point of each turn, on the reactor's thread, until it is removed. An error that it throws is logged.
  ///
  /// Hooks of a point are called in the order added. What a hook before the wait queues with `callSoon` keeps the loop from waiting.
  @discardableResult
  public func addLoopHook(
    _ point: LoopPoint, file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
  ) -> LoopHook {
    LoopHook(id: makeObserver().add(point, CallSite(file: file, line: line), body))
  }

  /// Removes a hook; removed before, nothing happens.
  public func removeLoopHook(_ hook: LoopHook) { observer?.remove(hook.id) }

  private func makeObserver() -> LoopObserver {
    if let observer { return observer }
    let observer = LoopObserver()
    self.observer = observer
    return observer
  }
}
