import SwirlDeferred
import Testing

@testable import SwirlReactor

@Suite struct LoopMetricsTests {
  let reactor = Reactor(clock: .virtual())

  @Test func `Hooks are called before and after each wait, and the one after before the callbacks of descriptors`()
    throws
  {
    let backend = ManualBackend()
    let reactor = Reactor(clock: .virtual(), backend: backend)
    var events: [String] = []
    let first = reactor.addLoopHook(.beforeWaiting) { events.append("before") }
    reactor.addLoopHook(.afterWaiting) { events.append("after") }
    let number: Int32 = 100_077
    try reactor.addReader(number) { [unowned reactor] in
      events.append("read")
      backend.setReady(number, .read, false)
      reactor.callSoon {
        events.append("soon")
        reactor.removeLoopHook(first)
        reactor.removeLoopHook(first)
        reactor.callSoon { reactor.crash() }
      }
    }
    backend.setReady(number, .read)
    reactor.run()
    #expect(events == ["before", "after", "read", "soon", "after", "after"])
    reactor.removeAll()
  }

  @Test func `What a hook before the wait queues keeps the loop from waiting`() {
    // Without a deadline that wait would never end.
    var turns = 0
    reactor.addLoopHook(.beforeWaiting) { [unowned reactor] in
      turns += 1
      reactor.callSoon { if turns == 3 { reactor.crash() } }
    }
    reactor.run()
    #expect(turns == 4)
  }

  @Test func `A hook that throws is logged, one that is added meanwhile waits for the next turn`() {
    struct Wrong: Error {}
    var events: [String] = []
    reactor.addLoopHook(.beforeWaiting) { [unowned reactor] in
      if events.isEmpty { reactor.addLoopHook(.beforeWaiting) { events.append("late") } }
      events.append("first")
      throw Wrong()
    }
    reactor.callLater(.seconds(1)) { [unowned reactor] in reactor.crash() }
    reactor.run()
    // The second turn is that of the timer.
    #expect(events == ["first", "first", "late"])
  }

  @Test func `Figures are off at first, begin anew when they are asked for again, and count turns, waits and lag`() {
    #expect(!reactor.isMeasured && reactor.metrics == nil)
    reactor.isMeasured = false
    #expect(reactor.observer == nil)
    reactor.isMeasured = true
    reactor.callLater(.seconds(1)) { [unowned reactor] in
      // A callback that takes half a second: the timer that is due meanwhile is late by 400 ms.
      reactor.virtualTime!.advance(to: reactor.readClock() + 500_000_000)
    }
    reactor.callLater(.milliseconds(1100)) {}
    reactor.callLater(.seconds(2)) { [unowned reactor] in reactor.crash() }
    reactor.run()
    let metrics = reactor.metrics!
    #expect(metrics.lag.count == 3 && metrics.lag.maximum == .milliseconds(400))
    #expect(metrics.turnTime.maximum == .milliseconds(500))
    #expect(metrics.waiting == .milliseconds(1500))
    #expect(metrics.turns == 4)
    reactor.isMeasured = true
    #expect(reactor.metrics == metrics)
    reactor.isMeasured = false
    #expect(reactor.metrics == nil)
    reactor.isMeasured = true
    #expect(reactor.metrics == LoopMetrics())
  }

  @Test func `A quantile is at most an eighth more than the duration that it stands for`() {
    var histogram = DurationHistogram()
    #expect(histogram.quantile(0.5) == .zero && histogram.mean == .zero)
    for value in [0, 7, 8, 9, 1000, 12_345, 1_000_000_007, -5, Int64.max / 4] {
      var one = DurationHistogram()
      one.record(value)
      one.record(Int64.max / 2)
      let bound = one.quantile(0.5).nanoseconds
      #expect(bound >= max(0, value) && bound <= max(0, value) + max(0, value) / 8, "\(value) gives \(bound)")
    }
    for value in 1...1000 { histogram.record(Int64(value) * 1000) }
    #expect(histogram.count == 1000 && histogram.mean == .nanoseconds(500_500))
    #expect((500_000...562_500).contains(histogram.quantile(0.5).nanoseconds))
    #expect(histogram.quantile(1) == .milliseconds(1) && histogram.maximum == .milliseconds(1))
    #expect(histogram.quantile(7) == histogram.quantile(1) && histogram.quantile(-1).nanoseconds < 1100)
  }
}
