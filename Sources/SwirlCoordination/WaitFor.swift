public import SwirlDeferred

/// What ends a `wait(for:until:)`.
public enum WaitCondition: Sendable {
  /// One has its result.
  case firstCompleted
  /// One has failed, or all have their result.
  case firstFailed
  /// All have their result.
  case all
}

/// Waits for `deferreds` until what `condition` says, and gives those that have their result and those that have not, both in their order.
///
/// Nothing is cancelled by it. A failure of one counts as handled. Cancelling it stops waiting, no more. asyncio: `wait`.
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

/// Those that are waited for. They keep it, so it keeps only those that have their result: one that is never fired would keep itself alive
/// for ever.
private final class Waiting<Value> {
  private struct Member {
    weak var deferred: Deferred<Value>?
    /// The same, once it has its result.
    var done: Deferred<Value>?
  }
  private let condition: WaitCondition
  private var members: [Member]
  private var remaining: Int
  /// Tells who is done and who is not; nil once it has.
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
    // One that nobody keeps cannot get a result any more.
    let alive = members.compactMap { $0.done ?? $0.deferred }
    members = []
    tell.take()?((alive.filter(\.isFired), alive.filter { !$0.isFired }))
  }
}
