import Swirl

extension Error {
  /// Whether it is no failure: Ctrl-C has cancelled the work.
  package var isCancellation: Bool { self is CancelledError || self is CancellationError }
}
