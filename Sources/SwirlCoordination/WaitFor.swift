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
  var remaining = deferreds.count
  func end() {
    if outcome.isFired { return }
    outcome.callback((deferreds.filter(\.isFired), deferreds.filter { !$0.isFired }))
  }
  for deferred in deferreds {
    deferred.addBoth { (result: Result<Value, any Error>) -> Void in
      remaining -= 1
      let isFailed = if case .failure = result { true } else { false }
      if remaining == 0 || condition == .firstCompleted || (condition == .firstFailed && isFailed) { end() }
    }
  }
  if deferreds.isEmpty { end() }
  return outcome
}
