package import SwirlDeferred

/// The pending calls, by deadline; equal deadlines in the order of scheduling (or moving).
///
/// A binary heap with lazy removal: a cancelled call's entry stays until its time comes or half of the heap is stale.
/// Nearly all timers are timeouts that never fire, so adding and cancelling must be cheap: both take constant time.
package final class TimerQueue {
  /// The entry of a call, whose deadline is never later than the call's current one.
  private struct Entry: HeapElement {
    var deadline: Int64
    var order: UInt64
    var call: DelayedCall

    func precedes(_ other: Entry) -> Bool {
      deadline < other.deadline || (deadline == other.deadline && order < other.order)
    }
  }

  /// A point in the sequence numbers: calls scheduled or moved after it wait for the next turn.
  package struct Mark {
    fileprivate let order: UInt64
  }

  // Exempt from run-time checks for overlapping access: the program's code never runs while one of these changes.
  @exclusivity(unchecked) private var heap = Heap<Entry>()
  /// Entries that came up in a turn in which they must not run, until the end of that turn.
  @exclusivity(unchecked) private var postponed: [Entry] = []
  @exclusivity(unchecked) private var staleEntries = 0
  @exclusivity(unchecked) private var lastOrder: UInt64 = 0
  /// The clock: nanoseconds since an arbitrary moment.
  package let now: () -> Int64

  package init(now: @escaping () -> Int64) {
    self.now = now
  }

  deinit {
    // The calls can no longer run, and their captures may form cycles. Clear all bodies before releasing any: a release
    // may access other calls, which must not use this queue any more.
    let bodies = heap.elements.map { $0.call.takeBody() }
    withExtendedLifetime(bodies) {}
  }

  /// The pending calls, unordered.
  package var pending: [DelayedCall] {
    (heap.elements + postponed).lazy.filter { !self.isStale($0) }.map(\.call)
  }

  /// The number of entries, stale ones included.
  package var entryCount: Int { heap.count }

  /// The current sequence number.
  package var mark: Mark { Mark(order: lastOrder) }

  package func add(
    deadline: Int64, site: CallSite, _ body: @escaping () throws -> Void
  ) -> DelayedCall {
    let call = DelayedCall(deadline: deadline, in: self, site: site, body)
    insert(call)
    return call
  }

  private func insert(_ call: DelayedCall) {
    lastOrder += 1
    call.order = lastOrder
    push(call)
  }

  private func push(_ call: DelayedCall) {
    call.entryDeadline = call.deadline
    call.entryOrder = call.order
    call.isQueued = true
    heap.insert(Entry(deadline: call.deadline, order: call.order, call: call))
  }

  func move(_ call: DelayedCall) {
    if call.isQueued, call.deadline >= call.entryDeadline {
      lastOrder += 1
      call.order = lastOrder
      return
    }
    // Earlier than its entry, if it has one, which becomes stale.
    let hadEntry = call.isQueued
    insert(call)
    if hadEntry { noteStaleEntry() }
  }

  func noteStaleEntry() {
    staleEntries += 1
    if staleEntries > 64, staleEntries > heap.count / 2 { removeStaleEntries() }
  }

  private func isStale(_ entry: Entry) -> Bool { !entry.call.isActive || entry.order != entry.call.entryOrder }

  private func removeStaleEntries() {
    heap.removeAll(where: isStale)
    postponed.removeAll(where: isStale)
    staleEntries = 0
  }

  /// When `runDue` has work: the earliest deadline of a pending call, or if the first entry's call was postponed, that
  /// of the entry. The loop then wakes once too early. Reinserting the entry on each access, once per turn, would cost
  /// far more if each request postpones its connection's timeout.
  package var nextDeadline: Int64? { firstLiving?.deadline }

  /// The first entry that is not stale; removes the stale ones before it.
  private var firstLiving: Entry? {
    while let first = heap.first {
      guard isStale(first) else { return first }
      _ = heap.popFirst()
      staleEntries -= 1
    }
    return nil
  }

  /// Removes the calls that are due at `time`, one by one in order, and passes each to `run`. Calls scheduled or moved
  /// after `mark` wait for the next turn, even if they are due.
  package func runDue(
    at time: Int64, madeBefore mark: Mark, _ run: (_ call: DelayedCall, _ body: @escaping () throws -> Void) -> Void
  ) {
    while let first = firstLiving, first.deadline <= time {
      _ = heap.popFirst()
      if first.order != first.call.order {
        // The call was postponed: reinsert it now.
        push(first.call)
      } else if first.order > mark.order {
        postponed.append(first)
      } else {
        first.call.isQueued = false
        if let body = first.call.takeBody() { run(first.call, body) }
      }
    }
    guard !postponed.isEmpty else { return }
    for entry in postponed {
      if isStale(entry) { staleEntries -= 1 } else { push(entry.call) }
    }
    postponed = []
  }
}
