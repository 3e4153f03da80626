import Logging
import SwirlDeferred

/// The pending calls of a reactor on threads. Used on the reactor's thread.
final class ThreadCalls {
  struct Call {
    /// Receives the outcome; nil if it was cancelled.
    var deferred: AnyDeferred?
    let ticket: WorkTicket
    /// Whether a stopping reactor need not wait for it.
    var mayBeAbandoned: Bool
    let name: String?
    let site: CallSite

    var description: String { name ?? "the call made at \(site)" }
  }

  private var calls: [Int: Call] = [:]
  var isEmpty: Bool { calls.isEmpty }
  private(set) var lastID = 0
  /// The number of calls for which a stopping reactor has to wait.
  private(set) var unfinished = 0
  /// Whether the outcome of any call is wanted.
  var isAwaited: Bool { calls.values.contains { $0.deferred != nil } }
  /// The time limit of that wait.
  var timeLimit = Duration.seconds(10)
  /// Whether the trigger that waits for them is set.
  var hasTrigger = false
  /// Fired when no call is left.
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

  /// The outcome has arrived.
  func remove(_ id: Int) -> Call? {
    guard let call = calls.removeValue(forKey: id) else { return nil }
    if !call.mayBeAbandoned { unfinished -= 1 }
    return call
  }

  /// The outcome is no longer wanted. A call that has not started never runs. For a started one a stopping reactor
  /// still waits, unless it may be abandoned: then its thread no longer counts in the pool.
  func cancel(_ id: Int) {
    if !leave(id) { calls[id]?.deferred = nil }
  }

  /// The outcome is currently unwanted. Returns whether the call was withdrawn, and so has no outcome.
  func leave(_ id: Int) -> Bool {
    guard let call = calls[id] else { return false }
    if call.ticket.withdraw() {
      _ = remove(id)
      return true
    }
    if call.mayBeAbandoned { call.ticket.abandon() }
    return false
  }

  /// Stops waiting for all calls: returns the running ones, and the withdrawn ones.
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
  /// Fires when all calls that must be finished have ended, or at the time limit, which gives them up.
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

  /// A call has ended, and its callbacks have run.
  func threadCallEnded() {
    guard threadCalls.unfinished == 0, !threadCalls.waiting.isEmpty else { return }
    // A task that awaits the outcome resumes in this turn, and may make the next call.
    let last = threadCalls.lastID
    callSoon { [unowned self] in
      if threadCalls.unfinished == 0, threadCalls.lastID == last { stopWaitingForThreadCalls() }
    }
  }

  /// Stops waiting for the calls on threads, and logs their names. Cancels those that have not started.
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

  /// `a, b (3 times)`, at most a few names.
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
