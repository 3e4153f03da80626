public import SwirlDeferred

/// A flag to wait for. It stays set until it is cleared; any number of waiters. asyncio: `Event`.
public final class DeferredEvent {
  /// Whether it is set.
  public private(set) var isSet = false
  private let line = WaiterQueue<Void, Void>()

  /// An event that is not set.
  public init() {}

  /// The number of waiters.
  public var waiting: Int { line.count }

  /// Sets the event. Fires all waiters, in FIFO order, before returning.
  public func set() {
    isSet = true
    for waiter in line.popAll() where !waiter.isFired { waiter.callback() }
  }

  /// Clears the event: later waiters wait for the next `set()`.
  public func clear() { isSet = false }

  /// Fires when the event is set; at once if it is. Cancelling it stops waiting.
  public func wait(file: StaticString = #fileID, line site: UInt = #line) -> Deferred<Void> {
    isSet ? .succeed(file: file, line: site) : line.wait(file: file, line: site)
  }
}

@available(*, unavailable, message: "An event belongs to the thread of its Deferreds")
extension DeferredEvent: Sendable {}
