/// Learns of the cancellation of many Deferreds: one object for all of them, where a closure for each would be an
/// allocation each.
package protocol DeferredCanceller: AnyObject {
  /// `deferred` is being cancelled, and fails with ``CancelledError`` when this returns.
  func cancelling(_ deferred: AnyDeferred)
}

extension Deferred {
  /// A Deferred for a producer to fire, whose cancellation `canceller` learns of.
  package convenience init(
    cancelledBy canceller: some DeferredCanceller, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(isSource: true, origin: DeferredOrigin(file, line))
    action = { _, node in
      canceller.cancelling(node)
      return nil
    }
  }
}
