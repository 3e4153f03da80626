// How a result travels. One loop carries it through chains, forks, inner Deferreds and `chainDeferred` links alike: no step
// calls the next, so a million stages use no more stack than one. The order is depth first: all that hangs on a callback's
// result runs before the callback that was added after it to the same stage.
extension AnyDeferred {
  /// Appends `stage` to those that wait for this node, or runs it at once when the result is there.
  ///
  /// Where little of the stack is left, the stage waits until there is more; see ``CallStack``.
  @usableFromInline final func add(_ stage: AnyDeferred) {
    guard state == .fired, pauses == 0 else { return append(stage) }
    if firstListener != nil || CallStack.isLow {
      append(stage)
      CallStack.putOff { self.drain() }
    } else {
      // As in a drain, what the callback adds to this node waits until the callback has returned.
      state = .draining
      var stage = stage
      let reached = AnyDeferred.run(&stage, from: self)
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

  /// Runs what waits for this node, and all that hangs on it. This node must have its result.
  @usableFromInline final func drain() {
    guard state == .fired, pauses == 0, firstListener != nil else { return }
    if CallStack.isLow { return CallStack.putOff { self.drain() } }
    defer { CallStack.resume() }
    var top = self
    top.state = .draining
    while true {
      if top.pauses == 0, var stage = top.popListener() {
        guard let reached = AnyDeferred.run(&stage, from: top) else { continue }
        guard reached.state == .fired, reached.pauses == 0, reached.firstListener != nil else { continue }
        reached.state = .draining
        if top.firstListener == nil, top.pauses == 0 {
          // Nothing more to do here: let go of it before going down, so that a finished part of a chain is freed.
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

  /// Lets `stage` compute its result from `upstream`; returns the node that has one now. It is passed `inout`, so that no
  /// reference of the loop's own hides whether anybody else holds it.
  private static func run(_ stage: inout AnyDeferred, from upstream: AnyDeferred) -> AnyDeferred? {
    var upstream = upstream
    while let action = stage.action.take() {
      stage.state = .running
      if let reached = action(upstream, stage) { return reached }
      // It returned an inner Deferred, which `follow` left in `next`.
      guard let inner = stage.next.take() else { return nil }
      if inner.state == .fired, inner.pauses == 0 {
        upstream = inner
      } else if let hidden = solePasserOn(&stage) {
        // Nobody but its only listener can see this stage: that listener waits for the inner one itself, or a loop that
        // returns its own next round would grow by one stage a round.
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

  /// The one listener of `stage`, if it only takes over the result and nobody else holds `stage`.
  private static func solePasserOn(_ stage: inout AnyDeferred) -> AnyDeferred? {
    guard let only = stage.firstListener, only.flags.contains(.forwarding), only.next == nil, stage.pauses == 0,
      isKnownUniquelyReferenced(&stage)
    else { return nil }
    return stage.popListener()
  }

  /// Makes this stage, whose callback has just returned `inner`, take over its result. `forward` copies it.
  /// False when `inner` itself waits for this stage, which could then never fire.
  @usableFromInline final func follow(_ inner: AnyDeferred, forward: @escaping Action) -> Bool {
    if inner === self { return false }
    // Only what hangs on this stage can wait for it.
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

  /// The node is going away. What waits for it is let go of in a loop, where Swift would free a long chain recursively and
  /// overflow the stack.
  ///
  /// Freeing a stage frees what its callbacks captured, and so may run code that touches any other stage. Therefore all
  /// links are undone before the first is freed.
  @usableFromInline final func abandonListeners() {
    // A stage is let go of unfired because its source was, which is reported then.
    if isSource, state == .pending, deferredDebugging { DeferredReport(.abandoned, createdAt: origin).send() }
    var (list, held) = undoLinks()
    // The callbacks may be the last to hold other Deferreds, whose callbacks hold others again. Nothing is left for the end of this
    // function to release: `resume` has to come after it.
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
    // To those who hold them these are stages that only `cancel()` can still fire.
    for stage in held { stage.releaseCallbacks() }
    var list = consume list
    while let stage = list.take() { list = stage.next.take() }
  }

  /// The node is going away, and its canceller may be the last to hold another Deferred.
  @usableFromInline final func releaseAction() {
    var canceller = action.take()
    if CallStack.isLow {
      let last = canceller.take()
      CallStack.putOff { withExtendedLifetime(last) {} }
    }
    canceller = nil
    CallStack.resume()
  }

  /// Takes apart all that hangs on this node, and frees nothing: returns a list of what is left without an owner, and the
  /// stages next to it that somebody else holds.
  private func undoLinks() -> (list: AnyDeferred?, held: [AnyDeferred]) {
    var waiting = firstListener.take()
    var held: [AnyDeferred] = []
    var list: AnyDeferred?
    unowned(unsafe) var last: AnyDeferred?
    func undo(_ node: AnyDeferred) {
      // A weak reference may still find it on the list; then there is nothing to cancel.
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
