/// What decides itself when its watches are ready: a backend for tests, or a socket in memory.
package protocol EventSource: AnyObject {
  /// `event` watches from now on; false, with the reason in `errno`, to refuse that.
  func begin(_ event: SourcedEvent) -> Bool
  /// `event` watches no more.
  func end(_ event: SourcedEvent)
}

/// A watch on an `EventSource`, which calls `fire()` when it is ready.
package final class SourcedEvent: FileEvent {
  /// What it watches, where the source has several; -1 where not.
  package let descriptor: Int32
  package let interest: Interest
  private var source: (any EventSource)?

  package init(
    _ source: any EventSource, _ descriptor: Int32, _ interest: Interest, handler: @escaping () -> Void
  ) {
    self.source = source
    self.descriptor = descriptor
    self.interest = interest
    super.init(handler: handler)
  }

  deinit { close() }

  override package func begin() -> Bool { source?.begin(self) ?? false }
  override package func end() { source?.end(self) }
  override package func free() { source = nil }
}
