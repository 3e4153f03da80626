import Logging
import SwirlDeferred

/// The calls that a reactor has made on threads, until their outcome has come. On the reactor's thread.
final class ThreadCalls {
  struct Call {
    /// What gets the outcome; nil when it was cancelled.
    var deferred: AnyDeferred?
    let ticket: WorkTicket
    /// Whether a reactor that stops need not wait for it.
    var mayBeAbandoned: Bool
    let name: String?
    let site: CallSite

    var description: String { name ?? "the call made at \(site)" }
  }

  private var calls: [Int: Call] = [:]
  var isEmpty: Bool { calls.isEmpty }
  private(set) var lastID = 0
  /// How many there are for which a reactor that stops has to wait.
  private(set) var unfinished = 0
  /// Whether the outcome of any is wanted.
  var isAwaited: Bool { calls.values.contains { $0.deferred != nil } }
  /// How long it waits.
  var timeLimit = Duration.seconds(10)
  /// Whether the trigger that waits for them is set.
  var hasTrigger = false
  /// Fired when there are none.
  fileprivate var waiting: [Deferred<Void>] = []
  fileprivate var timer: DelayedCall?

  func nextID() -> Int {
    lastID += 1
    return lastID
  }

  func insert(_ call: Call, _ id: Int) {
    calls[id] = call
    if !call.mayBeAbandoned { unfinished += 1 }
  }

  /// The outcome has come.
  func remove(_ id: Int) -> Call? {
    guard let call = calls.removeValue(forKey: id) else { return nil }
    if !call.mayBeAbandoned { unfinished -= 1 }
    return call
  }

  /// The outcome is no longer wanted. What has not begun never runs; what has is waited for all the same when the reactor stops, unless it
  /// may be abandoned: then its thread has no place in the pool any more.
  func cancel(_ id: Int) {
    if !leave(id) { calls[id]?.deferred = nil }
  }

  /// The outcome is not wanted at present. Returns whether the call was withdrawn, and so has none.
  func leave(_ id: Int) -> Bool {
    guard let call = calls[id] else { return false }
    if call.ticket.withdraw() {
      _ = remove(id)
      return true
    }
    if call.mayBeAbandoned { call.ticket.abandon() }
    return false
  }

  /// Those that a reactor would have to wait for are no longer waited for: returns what has begun, and what will never begin.
  fileprivate func giveUp() -> (running: [Call], withdrawn: [Call]) {
    var (running, withdrawn): ([Call], [Call]) = ([], [])
    for (id, call) in calls.sorted(by: { $0.key < $1.key }) where !call.mayBeAbandoned {
      if call.ticket.withdraw() {
        withdrawn.append(call)
        _ = remove(id)
      } else {
        running.append(call)
        unfinished -= 1
        calls[id]?.mayBeAbandoned = true
      }
    }
    return (running, withdrawn)
  }
}

extension Reactor {
  /// Fires when no call on a thread is left that must be finished, or when they have had their time and are given up.
  func threadCallsFinished() -> Deferred<Void> {
    if threadCalls.unfinished == 0 { return .succeed() }
    let finished = Deferred<Void>(canceller: { _ in })
    threadCalls.waiting.append(finished)
    if threadCalls.timer == nil {
      let limit = threadCalls.timeLimit
      threadCalls.timer = callLater(limit) { [unowned self] in giveUpThreadCalls("did not end within \(limit)") }
    }
    return finished
  }

  /// One has ended, and its callbacks were called.
  func threadCallEnded() {
    guard threadCalls.unfinished == 0, !threadCalls.waiting.isEmpty else { return }
    // A task that awaits the outcome goes on in this turn, and may make the next call.
    let last = threadCalls.lastID
    callSoon { [unowned self] in
      if threadCalls.unfinished == 0, threadCalls.lastID == last { stopWaitingForThreadCalls() }
    }
  }

  /// Waits no longer for the calls on threads, and logs which they are. What has not begun is cancelled.
  func giveUpThreadCalls(_ reason: String) {
    let (running, withdrawn) = threadCalls.giveUp()
    if !running.isEmpty || !withdrawn.isEmpty {
      let parts = [("still run", running), ("will not be begun", withdrawn)].filter { !$0.1.isEmpty }
      let words = parts.map { "\($0.1.count) \($0.0) (\(Self.list($0.1.map(\.description))))" }
      log.warning("calls on threads \(reason) and are given up: \(words.joined(separator: ", "))")
    }
    for call in withdrawn { call.deferred?.cancel() }
    stopWaitingForThreadCalls()
  }

  private func stopWaitingForThreadCalls() {
    threadCalls.timer.take()?.cancel()
    let waiting = threadCalls.waiting
    threadCalls.waiting = []
    for deferred in waiting where !deferred.isFired { deferred.callback() }
  }

  /// `a, b (3 times)`, and no more than a few of them.
  private static func list(_ names: [String]) -> String {
    var counts: [(name: String, count: Int)] = []
    for name in names {
      if let index = counts.firstIndex(where: { $0.name == name }) {
        counts[index].count += 1
      } else {
        counts.append((name, 1))
      }
    }
    let shown = counts.prefix(10).map { $0.count == 1 ? $0.name : "\($0.name) (\($0.count) times)" }
    return (shown + (counts.count > 10 ? ["and others"] : [])).joined(separator: ", ")
  }
}
