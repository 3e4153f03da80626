/// An object that decides itself when its watches are ready: a backend for tests, or a socket in memory.
package protocol ReadinessSource: AnyObject {
  /// Enables `event`; returns false, with the reason in `errno`, to refuse.
  func begin(_ event: SourcedEvent) -> Bool
  /// Disables `event`.
  func end(_ event: SourcedEvent)
}

/// A watch on a `ReadinessSource`. The source calls `fire()` when it is ready.
package final class SourcedEvent: FileEvent {
  /// The descriptor, if the source has several; otherwise -1.
  package var descriptor: Int32 { number }
  package let interest: Interest
  private var source: (any ReadinessSource)?

  package init(
    _ source: any ReadinessSource, _ descriptor: Int32, _ interest: Interest, handler: @escaping () -> Void
  ) {
    self.source = source
    self.interest = interest
    super.init(descriptor, handler: handler)
  }

  deinit { close() }

  override package func begin() -> Bool { source?.begin(self) ?? false }
  override package func end() { source?.end(self) }
  override package func free() { source = nil }
}
