extension Deferred {
  /// Fires `target` with the result of this stage. Twisted: `chainDeferred`.
  ///
  /// One direction only: cancelling `target` does not reach this stage. A chain of such links of any length uses no
  /// stack. If `target` was fired already, that is reported (see ``DeferredReport``) and this result is not delivered.
  public final func chainDeferred(_ target: Deferred, file: StaticString = #fileID, line: UInt = #line) {
    add(Link(to: target, file: file, line: line) as AnyDeferred)
  }
}

/// A listener that is not a stage, but fires another source.
private final class Link<Value>: AnyDeferred {
  private var target: Deferred<Value>?
  private let site: CallSite

  init(to target: Deferred<Value>, file: StaticString, line: UInt) {
    self.target = target
    site = CallSite(file: file, line: line)
    super.init(isSource: false, origin: DeferredOrigin(file, line))
    action = { upstream, node in
      unsafe unsafeDowncast(node, to: Link.self).fire(with: Deferred<Value>.cast(upstream).outcome)
    }
  }

  private func fire(with outcome: Deferred<Value>.Outcome) -> AnyDeferred? {
    guard let target = target.take() else { return nil }
    // The single late result of a cancelled target is dropped silently, so a failure is not reported either.
    if target.flags.contains(.swallowsLateResult), case .failure(let failure) = outcome { failure.isHandled = true }
    guard target.claim(file: site.file, line: site.line) else { return nil }
    let reached = target.settle(outcome)
    target.action = nil
    return reached
  }

  override func takeTarget() -> AnyDeferred? { target.take() }
}
