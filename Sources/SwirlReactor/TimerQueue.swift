package import SwirlDeferred

/// The calls to come, in the order of their deadlines, and of their making where those are equal.
///
/// A binary heap whose entries are taken out lazily: a call that is taken back stays until its time comes or until half of
/// the heap is stale. Nearly all timers are timeouts that never fire, so adding and taking back is what has to be cheap:
/// both take constant time.
package final class TimerQueue {
  private struct Entry {
    var deadline: Int64
    var sequence: UInt64
    var call: DelayedCall

    func precedes(_ other: Entry) -> Bool {
      deadline < other.deadline || (deadline == other.deadline && sequence < other.sequence)
    }
  }

  private var heap: [Entry] = []
  private var staleEntries = 0
  private var nextSequence: UInt64 = 0
  /// The clock: nanoseconds since a moment of its choosing.
  package let now: () -> Int64

  package init(now: @escaping () -> Int64) {
    self.now = now
  }

  /// The calls that are still to come, in no order.
  package var pending: [DelayedCall] {
    heap.lazy.filter { $0.call.isActive && $0.sequence == $0.call.sequence }.map(\.call)
  }

  package func add(
    deadline: Int64, site: CallSite, _ body: @escaping () throws -> Void
  ) -> DelayedCall {
    let call = DelayedCall(deadline: deadline, in: self, site: site, body)
    insert(call)
    return call
  }

  private func insert(_ call: DelayedCall) {
    nextSequence += 1
    call.sequence = nextSequence
    call.entryDeadline = call.deadline
    call.isQueued = true
    heap.append(Entry(deadline: call.deadline, sequence: nextSequence, call: call))
    siftUp(heap.count - 1)
  }

  func move(_ call: DelayedCall) {
    if !call.isQueued { return insert(call) }
    if call.deadline >= call.entryDeadline { return }
    // Sooner than its entry, which is stale from now on: its sequence is no longer the call's.
    insert(call)
    noteStaleEntry()
  }

  func noteStaleEntry() {
    staleEntries += 1
    if staleEntries > 64, staleEntries > heap.count / 2 { removeStaleEntries() }
  }

  private func isStale(_ entry: Entry) -> Bool { !entry.call.isActive || entry.sequence != entry.call.sequence }

  private func removeStaleEntries() {
    heap.removeAll(where: isStale)
    staleEntries = 0
    var index = heap.count / 2
    while index > 0 {
      index -= 1
      siftDown(index)
    }
  }

  /// When `runDue` has something to look at: the earliest deadline of a call that is still to come or, where the first entry's
  /// call was moved back, that of the entry. The loop then wakes once too early; to put the entry in its place each time it
  /// is asked for, which is each turn, costs more by far where each request moves the timeout of its connection.
  package var nextDeadline: Int64? {
    while let first = heap.first {
      guard isStale(first) else { return first.deadline }
      removeFirst()
      staleEntries -= 1
    }
    return nil
  }

  /// Takes out the calls that are due at `time` and hands each to `run`, in order, unless one before it has taken it back or
  /// moved it. Calls that are made meanwhile wait for the next turn, even if they are due at once.
  package func runDue(at time: Int64, _ run: (_ call: DelayedCall, _ body: @escaping () throws -> Void) -> Void) {
    guard let deadline = nextDeadline, deadline <= time else { return }
    var due: [Entry] = []
    while let deadline = nextDeadline, deadline <= time {
      let entry = removeFirst()
      if entry.call.deadline > entry.deadline {
        insert(entry.call)
      } else {
        entry.call.isQueued = false
        due.append(entry)
      }
    }
    for entry in due where entry.sequence == entry.call.sequence {
      if let body = entry.call.body.take() { run(entry.call, body) }
    }
  }

  /// Lets go of all calls without making them.
  package func removeAll() {
    let calls = heap
    heap = []
    staleEntries = 0
    for entry in calls {
      entry.call.isQueued = false
      entry.call.cancel()
    }
  }

  // MARK: - The heap

  @discardableResult
  private func removeFirst() -> Entry {
    let first = heap[0]
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      siftDown(0)
    }
    return first
  }

  private func siftUp(_ start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      guard heap[index].precedes(heap[parent]) else { return }
      heap.swapAt(index, parent)
      index = parent
    }
  }

  private func siftDown(_ start: Int) {
    var index = start
    while true {
      var least = index
      let left = 2 * index + 1
      if left < heap.count, heap[left].precedes(heap[least]) { least = left }
      if left + 1 < heap.count, heap[left + 1].precedes(heap[least]) { least = left + 1 }
      guard least != index else { return }
      heap.swapAt(index, least)
      index = least
    }
  }
}
