/// The failure of a Deferred that was cancelled and whose canceller gave no result of its own. Twisted: `CancelledError`.
public struct CancelledError: Error, Hashable, CustomStringConvertible {
  /// The one there is.
  public init() {}
  /// What happened, in words.
  public var description: String { "cancelled" }
}

/// The failure of a stage whose callback returned that stage itself, or one that waits for it: it could never fire.
public struct CircularDeferredError: Error, Hashable, CustomStringConvertible {
  @usableFromInline init() {}

  /// What happened and what to do.
  public var description: String {
    "a callback returned a Deferred that waits for that callback's own result; return one that does not hang on it"
  }
}
