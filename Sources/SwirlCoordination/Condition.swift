public import SwirlDeferred

/// Lets those who wait know that something has changed.
///
/// There is no lock to it: between two callbacks nothing else runs. Tornado: `Condition`.
public final class Condition {
  private let line = WaiterQueue<Void, Void>()

  /// A condition that nobody waits for.
  public init() {}

  /// How many wait for it.
  public var waiting: Int { line.count }

  /// Fires at the next notice that reaches it. Cancelling it stops waiting.
  public func wait(file: StaticString = #fileID, line site: UInt = #line) -> Deferred<Void> {
    line.wait(file: file, line: site)
  }

  /// Fires when `predicate` is true: asked now, and after each notice that reaches it. asyncio: `wait_for`.
  public func wait(
    until predicate: @escaping () throws -> Bool, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Void> {
    do {
      if try predicate() { return .succeed(file: file, line: line) }
    } catch { return .fail(error, file: file, line: line) }
    return wait(file: file, line: line).addCallback { [self] in wait(until: predicate, file: file, line: line) }
  }

  /// Wakes the `count` that have waited longest; they hear of it before this returns.
  public func notify(_ count: Int = 1) {
    require(count >= 0, "a notice to \(count) who wait")
    // Those who wait again because of it are not meant.
    var woken: [Deferred<Void>] = []
    while woken.count < count, let first = line.popFirst() { woken.append(first.deferred) }
    for waiter in woken where !waiter.isFired { waiter.callback() }
  }

  /// Wakes all who wait now.
  public func notifyAll() { notify(line.count) }
}

@available(*, unavailable, message: "A condition belongs to the thread of its Deferreds")
extension Condition: Sendable {}
