/// The failure of a Deferred that was cancelled and whose canceller gave no result of its own, under Twisted's and asyncio's name
/// for it. It is Swift's own, so that code that awaits catches one error, whatever was cancelled.
public typealias CancelledError = CancellationError

/// The failure of a stage whose callback returned that stage itself, or one that waits for it: it could never fire.
public struct CircularDeferredError: Error, Hashable, CustomStringConvertible {
  @usableFromInline init() {}

  /// What happened and what to do.
  public var description: String {
    "a callback returned a Deferred that waits for that callback's own result; return one that does not hang on it"
  }
}
