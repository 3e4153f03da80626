import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct ReactorTimeTests {
  let reactor = Reactor()

  @Test func `timers are called in the order of their time, then of their making`() {
    var seen = ""
    unowned let reactor = reactor
    let start = reactor.now
    reactor.callAt(start + .milliseconds(4)) { seen += "d" }
    reactor.callAt(start + .milliseconds(2)) { seen += "b" }
    reactor.callAt(start + .milliseconds(2)) { seen += "c" }
    reactor.callAt(start) { seen += "a" }
    reactor.callAt(start + .milliseconds(4)) {
      seen += "e"
      reactor.stop()
    }
    reactor.runGuarded()
    #expect(seen == "abcde")
  }

  @Test func `the time of day is that of the machine`() {
    let before = time(nil)
    let now = Int(reactor.wallTime.components.seconds)
    #expect(before <= now && now <= time(nil) + 1)
  }

  @Test func `a timer is never early`() {
    unowned let reactor = reactor
    var left = 40
    for delay in 0..<40 {
      let due = reactor.now + .microseconds(delay * 137)
      reactor.callAt(due) {
        #expect(reactor.now >= due)
        left -= 1
        if left == 0 { reactor.stop() }
      }
    }
    reactor.runGuarded()
  }

  @Test func `a negative delay counts as zero, a time that has passed as now`() {
    var seen = ""
    reactor.callLater(.seconds(-5)) { seen += "b" }
    reactor.callAt(reactor.now - .seconds(5)) { seen += "a" }
    reactor.runTurns(2)
    #expect(seen == "ab")
  }

  @Test func `delays of centuries neither overflow nor come`() {
    unowned let reactor = reactor
    let calls = [
      reactor.callLater(.seconds(Int64.max)) { Issue.record("too early") },
      reactor.callLater(.seconds(400 * 365 * 86400)) { Issue.record("too early") },
      reactor.callAt(reactor.now + .seconds(Int64.max) + .seconds(Int64.max)) { Issue.record("too early") },
    ]
    for call in calls {
      call.delay(.seconds(Int64.max))
      call.delay(.seconds(Int64.max))
      call.reset(.seconds(Int64.max))
    }
    reactor.callLater(.milliseconds(2)) { reactor.stop() }
    // Without a near timer: the loop waits for the far ones alone.
    reactor.run()
    reactor.callSoon { reactor.stop() }
    reactor.run()
    #expect(calls.allSatisfy { $0.isActive })
  }

  @Test func `delayedCalls are those still to come, from inside a turn as well`() {
    unowned let reactor = reactor
    let past = reactor.now
    let far = reactor.callLater(.seconds(20)) {}
    let gone = reactor.callLater(.seconds(20)) {}
    gone.cancel()
    var second: DelayedCall?
    reactor.callAt(past) {
      // The second one is due later in this same turn.
      #expect(Set(reactor.delayedCalls.map(ObjectIdentifier.init)) == Set([far, second!].map(ObjectIdentifier.init)))
      let new = reactor.callAt(past) {}
      #expect(reactor.delayedCalls.contains { $0 === new })
    }
    second = reactor.callAt(past) {}
    #expect(reactor.delayedCalls.count == 3)
    reactor.callSoon { reactor.callSoon { reactor.callSoon { reactor.stop() } } }
    reactor.run()
    #expect(reactor.delayedCalls.map(ObjectIdentifier.init) == [ObjectIdentifier(far)])
  }

  // MARK: - sleep

  @Test func `sleep succeeds when the time has passed`() throws {
    unowned let reactor = reactor
    let start = reactor.now
    let sleep = reactor.sleep(.milliseconds(3))
    sleep.addCallback { reactor.stop() }
    expectNoResult(of: sleep)
    reactor.runGuarded()
    #expect(reactor.now - start >= .milliseconds(3))
    _ = try successResult(of: sleep)
  }

  @Test func `cancelling a sleep takes its call back`() throws {
    let sleep = reactor.sleep(.seconds(20))
    #expect(reactor.delayedCalls.count == 1)
    sleep.cancel()
    #expect(reactor.delayedCalls.isEmpty)
    try failureResult(of: sleep, as: CancelledError.self)
  }

  @Test func `the reactor measures timeouts`() throws {
    unowned let reactor = reactor
    let late = Deferred<Int>().addTimeout(.milliseconds(2), clock: reactor)
    late.addBoth { _ in reactor.stop() }
    reactor.runGuarded()
    try failureResult(of: late, as: TimeoutError.self)
  }
}
