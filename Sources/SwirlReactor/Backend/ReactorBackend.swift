/// What waits for descriptors and signals on behalf of a reactor.
///
/// A reactor asks it when a watch is made, begins and ends, and once a turn for the wait; never for a read or a write.
package protocol ReactorBackend: AnyObject {
  /// The way the kernel is asked: `epoll`, `kqueue`, `manual` …
  var method: String { get }

  /// How many descriptors and signals are watched.
  var watchCount: Int { get }

  /// Called before the first handler of a wait.
  var onWake: (() -> Void)? { get set }

  /// A watch on `descriptor`, which has not begun.
  func fileEvent(_ descriptor: Int32, _ interest: FileEvent.Interest, handler: @escaping () -> Void) -> FileEvent

  /// Waits for events and calls the handlers of those that have come.
  ///
  /// - Parameter deadline: when to return even if nothing has happened; nil waits for an event, a moment that has passed only looks.
  /// - Returns: whether a handler was called.
  @discardableResult
  func poll(until deadline: Int64?, now: Int64) -> Bool
}

/// A watch on a descriptor or a signal: it calls its handler on the loop's thread whenever that is ready.
///
/// Level triggered: what is not read is reported again. The descriptor stays the caller's to close, after `close()`. Each backend has a
/// class of its own, which closes itself in its `deinit`.
package class FileEvent {
  /// What to wait for.
  package enum Interest: Hashable {
    /// Bytes to read, a connection to accept, or EOF.
    case read
    /// Room to write, or the outcome of a connect.
    case write
    /// A signal, by its number, in the place of a descriptor.
    case signal
  }

  private let handler: () -> Void
  /// Whether it watches.
  package private(set) final var isEnabled = false

  package init(handler: @escaping () -> Void) { self.handler = handler }

  /// Calls the handler, unless a callback that ran before in this turn has disabled the watch. The strong reference keeps the watch alive
  /// while its own handler runs.
  package final func fire() {
    withExtendedLifetime(self) {
      if isEnabled { handler() }
    }
  }

  /// Watches. The descriptor must be open; false, with the reason in `errno`, when the kernel refuses it, as it does a plain file.
  @discardableResult
  package final func enable() -> Bool {
    if !isEnabled { isEnabled = begin() }
    return isEnabled
  }

  /// Watches no more, until `enable()`.
  package final func disable() {
    guard isEnabled else { return }
    isEnabled = false
    end()
  }

  /// Watches no more, for good. To be called before the descriptor is closed.
  package final func close() {
    disable()
    free()
  }

  /// Begins to watch; false when that is refused, or after `free()`.
  package func begin() -> Bool { false }

  /// Ends to watch.
  package func end() {}

  /// Frees what the watch holds. It may be called more than once.
  package func free() {}
}
