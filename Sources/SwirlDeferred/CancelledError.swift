/// The failure of a cancelled Deferred whose canceller gave no result, by Twisted's and asyncio's name. It is Swift's
/// own error, so that async code catches a single type.
public typealias CancelledError = CancellationError

/// The failure of a stage whose callback returned that stage itself, or a Deferred that waits for it: it could never
/// fire.
public struct CircularDeferredError: Error, Hashable, CustomStringConvertible {
  @usableFromInline init() {}

  /// The error in words, and what to do.
  public var description: String {
    "a callback returned a Deferred that waits for that callback's own result; return one that does not hang on it"
  }
}
