import SwirlDeferred

/// The hooks and metrics of a reactor's loop. A reactor creates it with the first hook or measurement; without it a
/// turn costs two more comparisons.
final class LoopObserver {
  struct Hook {
    let id: Int
    let point: LoopPoint
    let site: CallSite
    let body: () throws -> Void
  }

  private(set) var hooks: [Hook] = []
  private var lastID = 0
  /// The metrics so far; nil while nothing is measured.
  var metrics: LoopMetrics?
  /// When the current turn's work started; nil while the loop waits, and before the first wait.
  private var workStart: Int64?
  private var waitStart: Int64?
  private var isWaiting = false

  func add(_ point: LoopPoint, _ site: CallSite, _ body: @escaping () throws -> Void) -> Int {
    lastID += 1
    hooks.append(Hook(id: lastID, point: point, site: site, body: body))
    return lastID
  }

  func remove(_ id: Int) {
    guard let index = hooks.firstIndex(where: { $0.id == id }) else { return }
    // Release it after the change: its captures may remove other hooks.
    let removed = hooks.remove(at: index)
    withExtendedLifetime(removed) {}
  }

  /// The loop is about to wait.
  func willWait(_ reactor: Reactor) {
    call(.beforeWaiting, on: reactor)
    isWaiting = true
    guard metrics != nil else { return }
    let now = reactor.readClock()
    if let workStart { metrics?.turnTime.record(now - workStart) }
    workStart = nil
    waitStart = now
  }

  /// The wait has ended. Called before the first descriptor callback, and again after the last; the first call counts.
  func didWait(_ reactor: Reactor) {
    guard isWaiting else { return }
    isWaiting = false
    if metrics != nil {
      let now = reactor.readClock()
      if let waitStart { metrics?.waiting += .nanoseconds(now - waitStart) }
      metrics?.turns += 1
      workStart = now
      waitStart = nil
    }
    call(.afterWaiting, on: reactor)
  }

  /// A timer that was due at `deadline` runs at `time`.
  func timerIsDue(at time: Int64, deadline: Int64) { metrics?.lag.record(time - deadline) }

  /// Starts to measure, or stops and drops the metrics.
  func measure(_ isOn: Bool) {
    if isOn == (metrics != nil) { return }
    metrics = isOn ? LoopMetrics() : nil
    (workStart, waitStart) = (nil, nil)
  }

  private func call(_ point: LoopPoint, on reactor: Reactor) {
    // A hook removed by an earlier one is not called; a hook added meanwhile waits for the next turn.
    for hook in hooks where hook.point == point && hooks.contains(where: { $0.id == hook.id }) {
      reactor.perform(at: hook.site, hook.body)
    }
  }
}
