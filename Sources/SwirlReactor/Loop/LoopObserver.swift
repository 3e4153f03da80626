import SwirlDeferred

/// What a reactor notifies around its waits, and what it counts there. A reactor has one from the first hook or the first measurement on;
/// without one a turn costs two comparisons more.
final class LoopObserver {
  struct Hook {
    let id: Int
    let point: LoopPoint
    let site: CallSite
    let body: () throws -> Void
  }

  private(set) var hooks: [Hook] = []
  private var lastID = 0
  /// The figures so far; nil while nothing is measured.
  var metrics: LoopMetrics?
  /// When the present turn's work began; nil while the loop waits, and before the first wait.
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
    // Released after the change: what it captures may remove others.
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

  /// The wait is over: called before the first callback of a descriptor, and once more after the last. The first call counts.
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

  /// A timer is called at `time`, which was due at `deadline`.
  func timerIsDue(at time: Int64, deadline: Int64) { metrics?.lag.record(time - deadline) }

  /// Starts to measure, or stops and drops the figures.
  func measure(_ isOn: Bool) {
    if isOn == (metrics != nil) { return }
    metrics = isOn ? LoopMetrics() : nil
    (workStart, waitStart) = (nil, nil)
  }

  private func call(_ point: LoopPoint, on reactor: Reactor) {
    // One that another has removed before its turn is not called; one that is added meanwhile waits for the next turn.
    for hook in hooks where hook.point == point && hooks.contains(where: { $0.id == hook.id }) {
      reactor.perform(at: hook.site, hook.body)
    }
  }
}
