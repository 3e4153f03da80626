public import SwirlDeferred

/// When a `wait(for:until:)` ends.
public enum WaitCondition: Sendable {
  /// The first result.
  case firstCompleted
  /// The first failure, or all results.
  case firstFailed
  /// All results.
  case all
}

/// Waits for `deferreds` until `condition` holds, and gives those with a result and those without, both in their order.
///
/// It cancels no member. A failure of a member counts as handled. Cancelling it only stops waiting. asyncio: `wait`.
public func wait<Value>(
  for deferreds: [Deferred<Value>], until condition: WaitCondition = .all, file: StaticString = #fileID,
  line: UInt = #line
) -> Deferred<(done: [Deferred<Value>], pending: [Deferred<Value>])> {
  let outcome = Deferred<(done: [Deferred<Value>], pending: [Deferred<Value>])>(file: file, line: line)
  let waiting = Waiting(deferreds, until: condition) { outcome.callback($0) }
  for (index, deferred) in deferreds.enumerated() {
    deferred.addBoth { result in waiting.ended(index, result) }
  }
  if deferreds.isEmpty { waiting.end() }
  return outcome
}

/// The members of a wait. They retain this, so this retains only members with a result: otherwise one that never fires
/// would keep itself alive for ever.
private final class Waiting<Value> {
  private struct Member {
    weak var deferred: Deferred<Value>?
    /// The Deferred again, strongly, once it has its result.
    var done: Deferred<Value>?
  }
  private let condition: WaitCondition
  private var members: [Member]
  private var remaining: Int
  /// Reports the members with and without a result; nil once it has.
  private var tell: (((done: [Deferred<Value>], pending: [Deferred<Value>])) -> Void)?

  init(
    _ deferreds: [Deferred<Value>], until condition: WaitCondition,
    _ tell: @escaping ((done: [Deferred<Value>], pending: [Deferred<Value>])) -> Void
  ) {
    self.condition = condition
    members = deferreds.map { Member(deferred: $0) }
    remaining = deferreds.count
    self.tell = tell
  }

  func ended(_ index: Int, _ result: Result<Value, any Error>) {
    guard tell != nil else { return }
    members[index].done = members[index].deferred
    remaining -= 1
    let isFailed = if case .failure = result { true } else { false }
    if remaining == 0 || condition == .firstCompleted || (condition == .firstFailed && isFailed) { end() }
  }

  func end() {
    // A released Deferred can no longer get a result.
    let alive = members.compactMap { $0.done ?? $0.deferred }
    members = []
    tell.take()?((alive.filter(\.isFired), alive.filter { !$0.isFired }))
  }
}
