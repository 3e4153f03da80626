public import SwirlDeferred

/// Something that happens, or is so until it is cleared; any number wait for it. asyncio: `Event`.
public final class Event {
  /// Whether it has happened.
  public private(set) var isSet = false
  private let line = WaiterQueue<Void, Void>()

  /// An event that has not happened.
  public init() {}

  /// How many wait for it.
  public var waiting: Int { line.count }

  /// It has happened: all who wait hear of it before this returns, in the order they came.
  public func set() {
    isSet = true
    for waiter in line.popAll() where !waiter.isFired { waiter.callback() }
  }

  /// It has not happened any more: who waits from now on waits for the next time.
  public func clear() { isSet = false }

  /// Fires when it has happened; at once if it has. Cancelling it stops waiting.
  public func wait(file: StaticString = #fileID, line site: UInt = #line) -> Deferred<Void> {
    isSet ? .succeed(file: file, line: site) : line.wait(file: file, line: site)
  }
}

@available(*, unavailable, message: "An event belongs to the thread of its Deferreds")
extension Event: Sendable {}
