import SwirlDeferred

/// A FIFO queue of waiters, each with an item.
///
/// A cancelled waiter leaves at once from any place, and frees its memory. Joining, serving and leaving take constant
/// time.
final class WaitLine<Value, Item> {
  private typealias Place = (deferred: Deferred<Value>, item: Item)

  // Places by sequence number. A cancelled place has no entry; the next `popFirst` skips it once.
  private var places: [Int: Place] = [:]
  private var next = 0
  private var end = 0

  var isEmpty: Bool { places.isEmpty }
  var count: Int { places.count }

  /// Joins the end of the queue. The Deferred fires when the owner of the queue fires it.
  func wait(with item: Item, file: StaticString, line: UInt) -> Deferred<Value> {
    let place = end
    end += 1
    let deferred = Deferred<Value>(
      canceller: { [weak self] _ in
        // Release it after the queue has changed: the deinit of its item may use this queue.
        let left = self?.places.removeValue(forKey: place)
        withExtendedLifetime(left) {}
      }, file: file, line: line)
    places[place] = (deferred, item)
    return deferred
  }

  /// Removes the first waiter.
  func popFirst() -> (deferred: Deferred<Value>, item: Item)? {
    if places.isEmpty {
      next = end
      return nil
    }
    while true {
      let place = next
      next += 1
      if let first = places.removeValue(forKey: place) { return first }
    }
  }

  /// Removes all current waiters, in FIFO order.
  func popAll() -> [Deferred<Value>] {
    var all: [Deferred<Value>] = []
    while let first = popFirst() { all.append(first.deferred) }
    return all
  }
}

extension WaitLine where Item == Void {
  func wait(file: StaticString, line: UInt) -> Deferred<Value> { wait(with: (), file: file, line: line) }
}
