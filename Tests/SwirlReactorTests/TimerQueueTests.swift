import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@Suite struct TimerQueueTests {
  /// Random operations, compared with a list that is searched linearly.
  @Test(arguments: 1...8 as ClosedRange<UInt64>) func `it does what a naive list does`(seed: UInt64) {
    struct Expected {
      var deadline: Int64
      var order: Int
      let call: DelayedCall
      let number: Int
    }
    var random = SeededGenerator(seed: seed)
    nonisolated(unsafe) var now: Int64 = 1000
    let queue = TimerQueue(now: { now })
    var model: [Expected] = []
    var order = 0
    var called: [Int] = []
    func nextOrder() -> Int {
      order += 1
      return order
    }
    for number in 0..<2500 {
      let delay = Int64.random(in: -20...200, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<4:
        let call = queue.add(deadline: now + delay, site: CallSite()) { called.append(number) }
        model.append(Expected(deadline: now + delay, order: nextOrder(), call: call, number: number))
      case 4 where !model.isEmpty:
        model.remove(at: .random(in: model.indices, using: &random)).call.cancel()
      case 5, 6:
        guard let index = model.indices.randomElement(using: &random) else { continue }
        model[index].call.reset(.nanoseconds(delay))
        model[index].deadline = now + max(0, delay)
        model[index].order = nextOrder()
      case 7:
        guard let index = model.indices.randomElement(using: &random) else { continue }
        model[index].call.delay(.nanoseconds(delay - 90))
        model[index].deadline += delay - 90
        model[index].order = nextOrder()
      default:
        // It may be early for a call that was postponed, never late.
        let least = model.map(\.deadline).min()
        #expect((queue.nextDeadline == nil) == (least == nil) && queue.nextDeadline ?? 0 <= least ?? 0)
        now += .random(in: 0...60, using: &random)
        let due = model.filter { $0.deadline <= now }.sorted { ($0.deadline, $0.order) < ($1.deadline, $1.order) }
        model.removeAll { $0.deadline <= now }
        called = []
        queue.runDue(at: now, madeBefore: queue.mark) { _, body in try? body() }
        #expect(called == due.map(\.number))
        #expect(Set(queue.pending.map(ObjectIdentifier.init)) == Set(model.map { ObjectIdentifier($0.call) }))
      }
    }
  }

  @Test func `calls made or moved after the mark wait, and keep their place`() {
    let queue = TimerQueue(now: { 0 })
    var seen = ""
    let moved = queue.add(deadline: 0, site: CallSite()) { seen += "d" }
    queue.add(deadline: 5, site: CallSite()) { seen += "a" }.keep()
    let mark = queue.mark
    queue.add(deadline: 2, site: CallSite()) { seen += "c" }.keep()
    queue.add(deadline: 1, site: CallSite()) { seen += "b" }.keep()
    moved.move(to: 3)
    func run(_ mark: TimerQueue.Mark) { queue.runDue(at: 10, madeBefore: mark) { _, body in try? body() } }
    run(mark)
    #expect(seen == "a" && queue.pending.count == 3)
    run(queue.mark)
    #expect(seen == "abcd" && queue.pending.isEmpty && queue.nextDeadline == nil)
  }

  @Test func `one that waits for the next turn can still be taken back or moved in this one`() {
    let queue = TimerQueue(now: { 0 })
    var seen: [String] = []
    func run() { queue.runDue(at: 10, madeBefore: queue.mark) { _, body in try? body() } }
    queue.add(deadline: 0, site: CallSite()) {
      let cancelled = queue.add(deadline: 1, site: CallSite()) { seen.append("cancelled") }
      let moved = queue.add(deadline: 1, site: CallSite()) { seen.append("moved") }
      queue.add(deadline: 1, site: CallSite()) { seen.append("made") }.keep()
      // Runs after the calls above: its deadline is later, although it was added before the turn.
      queue.add(deadline: 1, site: CallSite()) { seen.append("last") }.keep()
      cancelled.cancel()
      moved.move(to: 0)
    }.keep()
    queue.add(deadline: 2, site: CallSite()) { #expect(queue.pending.count == 3) }.keep()
    run()
    #expect(seen.isEmpty)
    run()
    #expect(seen == ["moved", "made", "last"])
    #expect(queue.pending.isEmpty)
  }

  @Test func `a million that are made and taken back leave no memory behind`() {
    let queue = TimerQueue(now: { 0 })
    let far = (1...1000).map { queue.add(deadline: Int64($0) << 40, site: CallSite()) {} }
    var most = 0
    for number in 0..<1_000_000 {
      queue.add(deadline: Int64(number), site: CallSite()) {}.cancel()
      if number % 1000 == 0 { most = max(most, queue.entryCount) }
    }
    #expect(most <= 2 * far.count + 130)
    #expect(queue.pending.count == far.count)
    #expect(queue.nextDeadline == 1 << 40)
  }

  @Test func `a timeout that is moved back a million times costs one entry`() {
    var now: Int64 = 0
    let queue = TimerQueue(now: { now })
    let call = queue.add(deadline: 1000, site: CallSite()) {}
    for _ in 0..<1_000_000 {
      now += 1
      call.reset(.nanoseconds(1000))
    }
    #expect(queue.entryCount == 1)
    var calls = 0
    queue.runDue(at: 1_000_999, madeBefore: queue.mark) { _, _ in calls += 1 }
    #expect(calls == 0 && queue.nextDeadline == 1_001_000 && queue.entryCount == 1)
  }

  @Test func `one that is made sooner again and again leaves few entries behind`() {
    let queue = TimerQueue(now: { 0 })
    let call = queue.add(deadline: 1_000_000, site: CallSite()) {}
    for number in 0..<1_000_000 { call.move(to: Int64(999_999 - number)) }
    #expect(queue.entryCount <= 130)
    #expect(queue.nextDeadline == 0)
  }

  @Test func `what a callback captures may use the queue while it is released`() {
    final class Canceller {
      var other: DelayedCall?
      deinit { other?.cancel() }
    }
    var queue: TimerQueue? = TimerQueue(now: { 0 })
    for _ in 0..<200 {
      let canceller = Canceller()
      canceller.other = queue!.add(deadline: 1, site: CallSite()) {}
      queue!.add(deadline: 1, site: CallSite()) { _ = canceller }.keep()
    }
    for call in queue!.pending.prefix(150) { call.cancel() }
    queue = nil
  }
}

extension DelayedCall {
  /// The queue retains it.
  fileprivate func keep() {}
}
