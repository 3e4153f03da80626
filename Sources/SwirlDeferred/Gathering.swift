/// A Deferred that waits for several others, its members: what `DeferredList`, `gather` and `race` have in common.
///
/// Members own what waits for them, so that `DeferredList(tasks).addBoth(done)` lives although nobody keeps it. The way
/// back, which cancelling needs, does not own: otherwise a member that is never fired would keep itself alive for ever.
public class Gathering<Output>: Deferred<Output> {
  @usableFromInline final let members: Members
  /// How many members have not fired.
  @usableFromInline final var remaining: Int

  @usableFromInline init(count: Int, file: StaticString, line: UInt) {
    members = Members(count: count)
    remaining = count
    super.init(isSource: true, origin: DeferredOrigin(file, line))
    action = { _, node in
      let gathering = unsafe unsafeDowncast(node, to: Gathering<Output>.self)
      gathering.members.cancel()
      // A member may take its time over being cancelled, and its result counts; one that was let go of gives none.
      return gathering.members.pendingCount == gathering.remaining ? node : nil
    }
  }

  /// Calls `action` when `deferred` has its result, with that and the `Member` made here.
  @inlinable final func watch(_ deferred: AnyDeferred, at index: Int, _ action: @escaping Action) {
    deferred.add(Member(of: self, members, index, action) as AnyDeferred)
  }
}

/// What waits for a member. It is no stage: nothing hangs on it.
@usableFromInline final class Member: AnyDeferred {
  /// What gathers, until this was let go of.
  private var gathering: AnyDeferred?
  @usableFromInline let index: Int
  private let registry: Members

  @usableFromInline init(of owner: AnyDeferred, _ registry: Members, _ index: Int, _ action: @escaping Action) {
    gathering = owner
    self.index = index
    self.registry = registry
    super.init(isSource: false, origin: DeferredOrigin(#fileID, #line))
    self.action = action
    registry.remember(self)
  }

  /// `node`, which an action of a `Member` was given, as what it is.
  @inlinable static func cast(_ node: AnyDeferred) -> Member { unsafe unsafeDowncast(node, to: Member.self) }

  /// What it gathers for. An action runs at most once, and before the member is let go of.
  @usableFromInline var owner: AnyDeferred { gathering! }

  override func takeTarget() -> AnyDeferred? { gathering.take() }

  deinit { registry.forget(self) }
}

/// Which members have not fired, without owning them.
@usableFromInline final class Members {
  /// Unowned and unchecked: a `Member` takes itself out in its `deinit`.
  private struct Reference {
    unowned(unsafe) var member: Member?
  }
  private var references: [Reference]

  @usableFromInline init(count: Int) {
    references = Array(repeating: Reference(member: nil), count: count)
  }

  func remember(_ member: Member) { unsafe references[member.index].member = member }
  func forget(_ member: Member) { unsafe references[member.index].member = nil }

  /// How many members may still give a result: not those that were let go of unfired.
  @usableFromInline var pendingCount: Int {
    var count = 0
    for index in references.indices {
      if let member = unsafe references[index].member, member.state == .pending { count += 1 }
    }
    return count
  }

  /// Cancels every member that has not fired.
  @usableFromInline func cancel() {
    // A canceller may fire other members, which changes the array: it is walked by index and read anew each time.
    for index in references.indices { cancel(at: index) }
  }

  /// Cancels one member, if it has not fired.
  @usableFromInline func cancel(at index: Int) { unsafe references[index].member?.cancel() }
}
