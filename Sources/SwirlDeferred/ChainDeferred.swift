extension Deferred {
  /// Fires `target` with the result of this stage. Twisted: `chainDeferred`.
  ///
  /// One direction only: cancelling `target` does not reach this stage. A chain of such links, however long, uses no
  /// stack. When someone else has fired `target`, that is reported (see ``DeferredReport``) and this result is not
  /// delivered.
  public final func chainDeferred(_ target: Deferred, file: StaticString = #fileID, line: UInt = #line) {
    add(Link(to: target, file: file, line: line) as AnyDeferred)
  }
}

/// A listener that is no stage of its own but fires a source elsewhere.
private final class Link<Value>: AnyDeferred {
  init(to target: Deferred<Value>, file: StaticString, line: UInt) {
    super.init(isSource: false, file: file, line: line)
    action = { upstream, _ in
      guard target.claim(file: file, line: line) else { return nil }
      target.action = nil
      return target.settle(Deferred<Value>.cast(upstream).outcome)
    }
  }
}
