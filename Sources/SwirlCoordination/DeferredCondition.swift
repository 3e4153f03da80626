public import SwirlDeferred

/// Notifies waiters of a change.
///
/// It needs no lock, because no other code runs between two callbacks. Tornado: `Condition`.
public final class DeferredCondition {
  private let line = WaiterQueue<Void, Void>()

  /// A condition without waiters.
  public init() {}

  /// The number of waiters.
  public var waiting: Int { line.count }

  /// Fires at a later `notify`. Cancelling it stops waiting.
  public func wait(file: StaticString = #fileID, line site: UInt = #line) -> Deferred<Void> {
    line.wait(file: file, line: site)
  }

  /// Fires when `predicate` is true: it evaluates it now, and after each notification. asyncio: `wait_for`.
  public func wait(
    until predicate: @escaping () throws -> Bool, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Void> {
    do {
      if try predicate() { return .succeed(file: file, line: line) }
    } catch { return .fail(error, file: file, line: line) }
    return wait(file: file, line: line).addCallback { [self] in wait(until: predicate, file: file, line: line) }
  }

  /// Wakes the `count` longest waiters, and runs their callbacks before it returns.
  public func notify(_ count: Int = 1) {
    require(count >= 0, "a notice to \(count) who wait")
    // Collect the waiters first: a callback that waits again must not be woken by this call.
    var woken: [Deferred<Void>] = []
    while woken.count < count, let first = line.popFirst() { woken.append(first.deferred) }
    for waiter in woken where !waiter.isFired { waiter.callback() }
  }

  /// Wakes all current waiters.
  public func notifyAll() { notify(line.count) }
}

@available(*, unavailable, message: "A condition belongs to the thread of its Deferreds")
extension DeferredCondition: Sendable {}
