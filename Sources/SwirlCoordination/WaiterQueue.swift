import SwirlDeferred

/// The Deferreds that wait for something, each with what its caller has brought: first come, first served.
///
/// One that is cancelled leaves the queue at once, wherever it stands. Waiting and being served take constant time,
/// leaving at most logarithmic time, however long the queue is.
final class WaiterQueue<Value, Item> {
  typealias Waiter = (deferred: Deferred<Value>, item: Item)

  private var waiters = TicketQueue<Waiter>()

  var isEmpty: Bool { waiters.isEmpty }
  var count: Int { waiters.count }

  /// Joins the end of the queue. The Deferred fires when its waiter is removed and fired.
  func wait(with item: Item, file: StaticString, line: UInt) -> Deferred<Value> {
    let ticket = waiters.nextTicket
    let deferred = Deferred<Value>(
      canceller: { [weak self] _ in
        // Released when the queue has changed: the end of what it brought may use this queue.
        let left = self?.waiters.remove(ticket)
        withExtendedLifetime(left) {}
      }, file: file, line: line)
    waiters.append((deferred, item))
    return deferred
  }

  /// Removes the first waiter.
  func popFirst() -> Waiter? { waiters.popFirst() }

  /// Removes all waiters that are in the queue now, in their order.
  func popAll() -> [Deferred<Value>] { waiters.takeAll().map(\.deferred) }
}

extension WaiterQueue where Item == Void {
  func wait(file: StaticString, line: UInt) -> Deferred<Value> { wait(with: (), file: file, line: line) }
}
