/// Gives the result of `deferred`; cancelling what it returns leaves `deferred` alone.
///
/// ```swift
/// let saved = save(order)                                   // must not be cancelled with the request
/// shield(saved).addTimeout(.seconds(5), clock: reactor)
/// ```
///
/// After a cancellation it has failed with ``CancelledError`` and listens no more: if `deferred` then fails, and
/// nothing else handles that, the failure is reported. It does not retain `deferred`, as no chain does; the work itself
/// keeps it. asyncio: `shield`.
public func shield<Value>(
  _ deferred: Deferred<Value>, file: StaticString = #fileID, line: UInt = #line
) -> Deferred<Value> {
  let shielded = Shield<Value>(DeferredOrigin(file, line))
  deferred.add(ShieldLink(to: shielded) as AnyDeferred)
  return shielded
}

/// Returns the result of `deferred`. Cancelling the task ends the waiting, and leaves `deferred` alone. asyncio: `await
/// shield(future)`.
public func shield<Value>(
  _ deferred: Deferred<Value>, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID,
  line: UInt = #line
) async throws -> Value {
  let shielded: Deferred = shield(deferred, file: file, line: line)
  return try await shielded.value
}

/// A source that leaves the shielded Deferred when it is cancelled.
private final class Shield<Value>: Deferred<Value> {
  /// Unowned and unchecked: the link clears it when it fires, and in its `deinit`. The link owns this.
  unowned(unsafe) var link: ShieldLink<Value>?

  init(_ origin: DeferredOrigin) {
    super.init(isSource: true, origin: origin)
    action = { _, node in
      unsafe unsafeDowncast(node, to: Shield.self).leave()
      return nil
    }
  }

  /// Removes the link: otherwise each cancelled shield would stay with the shielded Deferred until that fires.
  private func leave() {
    guard let link = unsafe link, let shielded = unsafe link.waitingFor else { return }
    shielded.remove(link)
  }
}

/// The listener of a shielded Deferred.
private final class ShieldLink<Value>: AnyDeferred {
  private var target: Shield<Value>?

  init(to target: Shield<Value>) {
    self.target = target
    super.init(isSource: false, origin: DeferredOrigin(#fileID, #line))
    unsafe target.link = self
    action = { upstream, node in
      unsafe unsafeDowncast(node, to: ShieldLink.self).fire(with: Deferred<Value>.cast(upstream).outcome)
    }
  }

  private func fire(with outcome: Deferred<Value>.Outcome) -> AnyDeferred? {
    guard let target = target.take() else { return nil }
    unsafe target.link = nil
    // The program may have fired it, as it may any Deferred.
    guard target.state == .pending else { return nil }
    target.action = nil
    return target.settle(outcome)
  }

  override func takeTarget() -> AnyDeferred? {
    unsafe target?.link = nil
    return target.take()
  }

  deinit { unsafe target?.link = nil }
}

extension AnyDeferred {
  /// Removes a listener of this node, which then never runs. Linear time in the number of listeners.
  fileprivate final func remove(_ listener: AnyDeferred) {
    var previous: AnyDeferred?
    var node = firstListener
    while let current = node, current !== listener {
      previous = current
      node = current.next
    }
    guard let removed = node else { return }
    let rest = removed.next.take()
    unsafe removed.waitingFor = nil
    if rest == nil { unsafe lastListener = previous }
    if let previous { previous.next = rest } else { firstListener = rest }
  }
}
