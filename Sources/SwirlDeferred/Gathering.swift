/// A Deferred that waits for several members: `DeferredList`, `gather` and `race`.
///
/// Members own their listeners, so that `DeferredList(tasks).addBoth(done)` lives without another owner. The back
/// pointer, for cancelling, does not own: otherwise a member that never fires would keep itself alive for ever.
@usableFromInline protocol Gathering: AnyDeferred {
  var members: Members { get }
  /// The number of pending members.
  var remaining: Int { get }
}

extension Gathering {
  /// Cancels the members. A cancelled one may fire later, and its result counts; a released one never fires.
  @usableFromInline static var canceller: Action {
    { _, node in
      let gathering = unsafe unsafeDowncast(node, to: Self.self)
      gathering.members.cancel()
      return gathering.members.pendingCount == gathering.remaining ? node : nil
    }
  }

  /// Calls `action` when `deferred` has its result, with `deferred` and the `Member` made here.
  @inlinable func watch(_ deferred: AnyDeferred, at index: Int, _ action: @escaping Action) {
    deferred.add(Member(of: self, members, index, action) as AnyDeferred)
  }
}

/// The listener of a member. It is not a stage: it has no listeners itself.
@usableFromInline final class Member: AnyDeferred {
  /// The gathering; nil once it was released.
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

  /// `node`, the argument of a `Member`'s action, with its real type.
  @inlinable static func cast(_ node: AnyDeferred) -> Member { unsafe unsafeDowncast(node, to: Member.self) }

  /// The gathering. An action runs at most once, and before the member is released.
  @usableFromInline var owner: AnyDeferred { gathering! }

  override func takeTarget() -> AnyDeferred? { gathering.take() }

  deinit { registry.forget(self) }
}

/// The pending members, without owning them.
@usableFromInline final class Members {
  /// Unowned and unchecked: a `Member` removes itself in its `deinit`.
  private struct Reference {
    unowned(unsafe) var member: Member?
  }
  private var references: [Reference]

  @usableFromInline init(count: Int) {
    references = Array(repeating: Reference(member: nil), count: count)
  }

  func remember(_ member: Member) { unsafe references[member.index].member = member }
  func forget(_ member: Member) { unsafe references[member.index].member = nil }

  /// The number of members that may still fire, without those released unfired.
  @usableFromInline var pendingCount: Int {
    var count = 0
    for index in references.indices {
      if let member = unsafe references[index].member, member.state == .pending { count += 1 }
    }
    return count
  }

  /// Cancels every pending member.
  @usableFromInline func cancel() {
    // A canceller may fire other members, which changes the array: iterate by index and re-read it each time.
    for index in references.indices { cancel(at: index) }
  }

  /// Cancels one member, if it is pending.
  @usableFromInline func cancel(at index: Int) { unsafe references[index].member?.cancel() }
}
