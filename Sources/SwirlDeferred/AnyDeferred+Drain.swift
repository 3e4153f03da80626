// Propagates a result. One loop carries it through chains, forks, inner Deferreds and `chainDeferred` links: no step
// calls the next, so a million stages use no more stack than one. The order is depth first: all stages below a callback
// run before the next callback of the same stage.
extension AnyDeferred {
  /// Appends `stage` to the listeners of this node, or runs it at once if the node has its result.
  ///
  /// If little stack is left, the stage is queued; see ``CallStack``.
  @usableFromInline final func add(_ stage: AnyDeferred) {
    guard state == .fired, pauses == 0 else { return append(stage) }
    if firstListener != nil || CallStack.isLow {
      append(stage)
      CallStack.putOff { self.drain() }
    } else {
      // As in a drain, stages that the callback adds to this node wait until the callback has returned.
      state = .draining
      let reached = stage.run(from: self) ?? AnyDeferred.followInner(of: stage)
      if firstListener == nil { state = .fired }
      if let reached, reached.firstListener != nil { reached.drain() }
      state = .fired
      if firstListener != nil { drain() }
    }
    CallStack.resume()
  }

  @usableFromInline final func append(_ stage: AnyDeferred) {
    unsafe stage.waitingFor = self
    if firstListener == nil {
      firstListener = stage
    } else {
      unsafe lastListener!.next = stage
    }
    unsafe lastListener = stage
  }

  @inline(__always) private final func popListener() -> AnyDeferred? {
    guard let stage = firstListener else { return nil }
    firstListener = stage.next.take()
    unsafe stage.waitingFor = nil
    return stage
  }

  /// Runs the listeners of this node, and all stages below them. This node must have its result.
  @usableFromInline final func drain() {
    guard state == .fired, pauses == 0, firstListener != nil else { return }
    if CallStack.isLow { return CallStack.putOff { self.drain() } }
    defer { CallStack.resume() }
    var top = self
    top.state = .draining
    while true {
      if top.pauses == 0, var stage = top.popListener() {
        guard let reached = stage.run(from: top) ?? AnyDeferred.followInner(of: &stage) else { continue }
        guard reached.state == .fired, reached.pauses == 0, reached.firstListener != nil else { continue }
        reached.state = .draining
        if top.firstListener == nil, top.pauses == 0 {
          // This node is done: release it before descending, so that the finished part of a chain is freed.
          let below = top.next.take()
          top.state = .fired
          reached.next = below
        } else {
          reached.next = top
        }
        top = reached
      } else {
        top.state = .fired
        guard let below = top.next.take() else { return }
        top = below
      }
    }
  }

  /// Lets this stage compute its result from `upstream`; returns the node that has a result now. Without one, see
  /// `followInner`.
  @inline(__always) private final func run(from upstream: AnyDeferred) -> AnyDeferred? {
    guard let action = action.take() else { return nil }
    state = .running
    return action(upstream, self)
  }

  /// Takes the result of the inner Deferred that the callback of `stage` returned, or waits for it; `follow` stored it
  /// in `next`. Returns the node that has a result now. `inout`, because a reference in the loop would hide whether
  /// other code holds `stage`.
  private static func followInner(of stage: inout AnyDeferred) -> AnyDeferred? {
    while var inner = stage.next.take() {
      skipPasserOn(&inner)
      if inner.state == .fired, inner.pauses == 0 {
        if let reached = stage.run(from: inner) { return reached }
      } else if let hidden = solePasserOn(&stage) {
        // Only its single listener can see this stage, so that listener waits for the inner Deferred itself. Otherwise
        // a loop whose callback returns the next round would grow by one stage per round.
        inner.append(hidden)
        return nil
      } else {
        stage.state = .pending
        inner.append(stage)
        return nil
      }
    }
    return nil
  }

  /// See above, of a stage that its caller holds.
  private static func followInner(of stage: AnyDeferred) -> AnyDeferred? {
    var stage = stage
    return followInner(of: &stage)
  }

  /// Replaces `inner`, if it just forwards what it waits for and no other code holds it, by that: a loop whose rounds
  /// end at once would grow by it otherwise.
  private static func skipPasserOn(_ inner: inout AnyDeferred) {
    while inner.state == .pending, inner.flags.contains(.forwarding), inner.firstListener == nil, inner.pauses == 0,
      let upstream = unsafe inner.waitingFor, upstream.firstListener === inner, inner.next == nil
    {
      upstream.firstListener = nil
      guard isKnownUniquelyReferenced(&inner) else {
        upstream.firstListener = inner
        return
      }
      // It would otherwise run queued steps when it is freed, before `upstream` has its new listener.
      inner.action = nil
      inner = upstream
    }
  }

  /// The only listener of `stage`, if it just forwards the result and no other code holds `stage`.
  private static func solePasserOn(_ stage: inout AnyDeferred) -> AnyDeferred? {
    guard let only = stage.firstListener, only.flags.contains(.forwarding), only.next == nil, stage.pauses == 0,
      isKnownUniquelyReferenced(&stage)
    else { return nil }
    return stage.popListener()
  }

  /// Makes this stage, whose callback has just returned `inner`, take the result of `inner`, which `forward` copies.
  /// False if `inner` itself waits for this stage, which could then never fire.
  @usableFromInline final func follow(_ inner: AnyDeferred, forward: @escaping Action) -> Bool {
    if inner === self { return false }
    // Only a stage below this one can wait for it.
    if firstListener != nil {
      var node = inner
      while let upstream = unsafe node.waitingFor {
        if upstream === self { return false }
        node = upstream
      }
    }
    flags.insert(.forwarding)
    action = forward
    next = inner
    return true
  }

  /// The node is being freed. It releases its listeners in a loop, because Swift would free a long chain recursively
  /// and overflow the stack.
  ///
  /// Freeing a stage frees what its callbacks captured, which may run code that accesses any other stage. Therefore all
  /// links are removed before the first stage is freed.
  @usableFromInline final func abandonListeners() {
    // Reports only sources: a stage is released unfired because its source was.
    if isSource, state == .pending, deferredDebugging { DeferredReport(.abandoned, createdAt: origin).send() }
    var (list, held) = undoLinks()
    // The callbacks may hold the last references to other Deferreds, and so on. This function must release everything
    // before its end, because `resume` has to come after that.
    if CallStack.isLow {
      let (list, held) = (list.take(), held)
      CallStack.putOff { AnyDeferred.free(list, held) }
    } else {
      AnyDeferred.free(list.take(), held)
    }
    held = []
    CallStack.resume()
  }

  private static func free(_ list: consuming AnyDeferred?, _ held: [AnyDeferred]) {
    // Other code holds these stages; only `cancel()` can still fire them.
    for stage in held { stage.releaseCallbacks() }
    var list = consume list
    while let stage = list.take() { list = stage.next.take() }
  }

  /// The node is being freed, and its canceller may hold the last reference to another Deferred.
  @usableFromInline final func releaseAction() {
    var canceller = action.take()
    if CallStack.isLow {
      let last = canceller.take()
      CallStack.putOff { withExtendedLifetime(last) {} }
    }
    canceller = nil
    CallStack.resume()
  }

  /// Unlinks all stages below this node without freeing any. Returns a list of the stages without another owner, and
  /// the adjacent stages that other code holds.
  private func undoLinks() -> (list: AnyDeferred?, held: [AnyDeferred]) {
    var waiting = firstListener.take()
    var held: [AnyDeferred] = []
    var list: AnyDeferred?
    unowned(unsafe) var last: AnyDeferred?
    func undo(_ node: AnyDeferred) {
      // A weak reference may still find it on the list; `cancel()` must do nothing then.
      node.state = .running
      if list == nil { list = node } else { unsafe last!.next = node }
      unsafe last = node
      guard let adopted = node.firstListener.take() else { return }
      unsafe node.lastListener!.next = waiting
      waiting = adopted
    }
    while var stage = waiting.take() {
      waiting = stage.next.take()
      unsafe stage.waitingFor = nil
      guard isKnownUniquelyReferenced(&stage) else {
        held.append(stage)
        continue
      }
      undo(stage)
      if var target = stage.takeTarget(), isKnownUniquelyReferenced(&target) { undo(target) }
    }
    return (list, held)
  }
}
