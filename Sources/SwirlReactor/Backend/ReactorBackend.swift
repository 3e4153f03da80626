/// Waits for descriptors and signals on behalf of a reactor.
///
/// A reactor calls it when a watch is made, enabled and disabled, and once per turn to wait; never for a read or a
/// write.
package protocol ReactorBackend: AnyObject {
  /// The kernel interface: `epoll`, `kqueue`, `manual` …
  var method: String { get }

  /// The number of watched descriptors and signals.
  var watchCount: Int { get }

  /// Called before the first handler of a wait.
  var onWake: (() -> Void)? { get set }

  /// Fires each event, in place of its own `fire()`; nil, the default, costs nothing.
  var onFire: ((FileEvent) -> Void)? { get set }

  /// Whether `onJobs` is to be called when the current handler has returned.
  var hasJobs: Bool { get set }

  /// Called after a handler if `hasJobs`, which it resets.
  var onJobs: (() -> Void)? { get set }

  /// A watch on `descriptor`, not enabled yet.
  func fileEvent(_ descriptor: Int32, _ interest: FileEvent.Interest, handler: @escaping () -> Void) -> FileEvent

  /// Waits for events and calls their handlers.
  ///
  /// - Parameter deadline: when to return without an event; nil waits for an event, a past moment only polls.
  /// - Returns: whether a handler was called.
  @discardableResult
  func poll(until deadline: Int64?, now: Int64) -> Bool
}

/// A watch on a descriptor or a signal: it calls its handler on the loop's thread whenever the descriptor is ready.
///
/// Level triggered: unread bytes are reported again. The caller closes the descriptor, after `close()`. Each backend
/// has its own subclass, which closes itself in its `deinit`.
package class FileEvent {
  /// The event to wait for.
  package enum Interest: Hashable {
    /// Bytes to read, a connection to accept, or EOF.
    case read
    /// Room to write, or the outcome of a connect.
    case write
    /// A signal; the descriptor is its number.
    case signal
  }

  private let handler: () -> Void
  /// The descriptor, for messages; -1 without a descriptor.
  package let number: Int32
  /// Whether the watch is enabled. Exempt from run-time checks for overlapping access: it is only read or written as a
  /// whole.
  @exclusivity(unchecked) package private(set) final var isEnabled = false

  package init(_ number: Int32 = -1, handler: @escaping () -> Void) {
    self.number = number
    self.handler = handler
  }

  /// Calls the handler, unless a callback that ran before in this turn has disabled the watch. The strong reference
  /// keeps the watch alive while its own handler runs.
  package final func fire() {
    withExtendedLifetime(self) {
      if isEnabled { handler() }
    }
  }

  /// Starts to watch. The descriptor must be open. False, with the reason in `errno`, if the kernel refuses it, as it
  /// does a plain file.
  @discardableResult
  package final func enable() -> Bool {
    if !isEnabled { isEnabled = begin() }
    return isEnabled
  }

  /// Stops watching, until `enable()`.
  package final func disable() {
    guard isEnabled else { return }
    isEnabled = false
    end()
  }

  /// Stops watching for good. Call it before closing the descriptor.
  package final func close() {
    disable()
    free()
  }

  /// Starts to watch; false if the backend refuses, or after `free()`.
  package func begin() -> Bool { false }

  /// Stops watching.
  package func end() {}

  /// Frees the watch's resources. May be called more than once.
  package func free() {}
}
