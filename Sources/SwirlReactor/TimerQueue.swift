package import SwirlDeferred

/// The calls to come, in the order of their deadlines, and of their making (or moving) where those are equal.
///
/// A binary heap whose entries are taken out lazily: a call that is taken back stays until its time comes or until half of
/// the heap is stale. Nearly all timers are timeouts that never fire, so adding and taking back is what has to be cheap:
/// both take constant time.
package final class TimerQueue {
  /// The place of a call in the queue, which is never later than the one the call has now.
  private struct Entry: HeapElement {
    var deadline: Int64
    var order: UInt64
    var call: DelayedCall

    func precedes(_ other: Entry) -> Bool {
      deadline < other.deadline || (deadline == other.deadline && order < other.order)
    }
  }

  /// A moment in the making of calls: those made or moved after it wait for the next turn.
  package struct Mark {
    fileprivate let order: UInt64
  }

  // Exempt from run-time checks for overlapping access: while one of these is changed, nothing of the program's is called.
  @exclusivity(unchecked) private var heap = Heap<Entry>()
  /// Entries that came up in a turn in which they may not be called, until that turn is over.
  @exclusivity(unchecked) private var postponed: [Entry] = []
  @exclusivity(unchecked) private var staleEntries = 0
  @exclusivity(unchecked) private var lastOrder: UInt64 = 0
  /// The clock: nanoseconds since a moment of its choosing.
  package let now: () -> Int64

  package init(now: @escaping () -> Int64) {
    self.now = now
  }

  deinit {
    // They can no longer be called, and what they capture may hold them. First all are told, then all is released: what is
    // released may touch other calls, which must not look for this queue any more.
    let bodies = heap.elements.map { $0.call.takeBody() }
    withExtendedLifetime(bodies) {}
  }

  /// The calls that are still to come, in no order.
  package var pending: [DelayedCall] {
    (heap.elements + postponed).lazy.filter { !self.isStale($0) }.map(\.call)
  }

  /// How many entries it keeps, stale ones included.
  package var entryCount: Int { heap.count }

  /// The present moment in the making of calls.
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
    // Sooner than its entry, if it has one, which is stale from now on.
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

  /// When `runDue` has something to look at: the earliest deadline of a call that is still to come or, where the first entry's
  /// call was moved back, that of the entry. The loop then wakes once too early; to put the entry in its place each time it
  /// is asked for, which is each turn, costs more by far where each request moves the timeout of its connection.
  package var nextDeadline: Int64? { firstLiving?.deadline }

  /// The first entry, once those that are stale are out of its way.
  private var firstLiving: Entry? {
    while let first = heap.first {
      guard isStale(first) else { return first }
      _ = heap.popFirst()
      staleEntries -= 1
    }
    return nil
  }

  /// Takes out the calls that are due at `time`, one by one and in order, and hands each to `run`. Those that were made or
  /// moved after `mark`, or are meanwhile, wait for the next turn, even if they are due at once.
  package func runDue(
    at time: Int64, madeBefore mark: Mark, _ run: (_ call: DelayedCall, _ body: @escaping () throws -> Void) -> Void
  ) {
    while let first = firstLiving, first.deadline <= time {
      _ = heap.popFirst()
      if first.order != first.call.order {
        // It was moved back: this is the moment to put it where it belongs.
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
