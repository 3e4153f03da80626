/// Gives the first success among `deferreds` and cancels the others. Twisted: `race`.
///
/// If all fail, it fails with a ``FailureGroup``; for an empty list at once. Cancelling it cancels all. The failures of
/// the members count as handled; a result of a cancelled loser is dropped.
@inlinable public func race<Value>(
  _ deferreds: [Deferred<Value>], file: StaticString = #fileID, line: UInt = #line
) -> Deferred<(index: Int, value: Value)> {
  let race = Race<Value>(count: deferreds.count, file: file, line: line)
  for (index, deferred) in deferreds.enumerated() {
    let isDecided = race.state == .fired
    race.watch(deferred, at: index) { upstream, node in
      let member = Member.cast(node)
      let race = unsafe unsafeDowncast(member.owner, to: Race<Value>.self)
      return race.take(Deferred<Value>.cast(upstream), at: member.index)
    }
    // An earlier member had already succeeded.
    if isDecided { race.members.cancel(at: index) }
  }
  if deferreds.isEmpty { race.fire(.failure(race.makeFailure(FailureGroup(errors: [])))) }
  return race
}

@usableFromInline final class Race<Value>: Deferred<(index: Int, value: Value)>, Gathering {
  @usableFromInline let members: Members
  @usableFromInline var remaining: Int
  @usableFromInline var errors: [(any Error)?]

  @usableFromInline init(count: Int, file: StaticString, line: UInt) {
    errors = Array(repeating: nil, count: count)
    members = Members(count: count)
    remaining = count
    super.init(isSource: true, origin: DeferredOrigin(file, line))
    // Unlike other gatherings it does not wait for cancelled members that fire later.
    action = { _, node in
      unsafe unsafeDowncast(node, to: Race.self).members.cancel()
      return nil
    }
  }

  @inlinable func take(_ member: Deferred<Value>, at index: Int) -> AnyDeferred? {
    remaining -= 1
    switch member.outcome {
    case .success(let value):
      guard state == .pending else { return nil }
      // A loser may fire from its canceller, or cancel the race itself: decide the race before cancelling losers.
      state = .running
      action = nil
      members.cancel()
      return settle(.success((index, value)))
    case .failure(let failure):
      errors[index] = failure.handled()
      guard remaining == 0, state == .pending else { return nil }
      action = nil
      return settle(throwing: FailureGroup(errors: errors.map { $0! }))
    case .none: return nil
    }
  }
}

/// The failure of a ``race(_:file:line:)`` without a winner: every member's error, in the order of the list. Twisted:
/// `FailureGroup`.
public struct FailureGroup: Error, CustomStringConvertible {
  /// The errors, in the order of the list.
  public let errors: [any Error]

  @usableFromInline init(errors: [any Error]) {
    self.errors = errors
  }

  /// All errors in words.
  public var description: String {
    errors.isEmpty ? "nothing took part in the race" : "all failed: \(errors.map { "\($0)" }.joined(separator: "; "))"
  }
}
