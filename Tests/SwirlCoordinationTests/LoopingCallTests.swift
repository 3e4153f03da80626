import SwirlCoordination
import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct LoopingCallTests {
  struct Trouble: Error {}

  @Test func `calls come at whole intervals from the start, however long they take`() throws {
    let clock = TestClock()
    var times: [Duration] = []
    let begin = clock.now
    let loop = LoopingCall(clock: clock) { times.append(clock.now - begin) }
    let end = loop.start(every: .seconds(10))
    #expect(times == [.zero])
    clock.advance(by: .seconds(9))
    #expect(times.count == 1)
    clock.pump([.seconds(1), .seconds(4), .seconds(8)])
    // The third call was 2 s late; the next is due at its original time.
    #expect(times == [.zero, .seconds(10), .seconds(22)])
    clock.advance(by: .seconds(8))
    #expect(times.last == .seconds(30))
    clock.advance(by: .seconds(35))
    #expect(times.last == .seconds(65) && loop.count == 5 && loop.missed == 2)
    clock.advance(by: .seconds(5))
    #expect(times.last == .seconds(70))
    loop.stop()
    try successResult(of: end)
    clock.advance(by: .seconds(100))
    #expect(loop.count == 6 && !loop.isRunning && clock.delayedCalls.isEmpty)
  }

  @Test func `missed inside the body counts the calls passed over before this one`() {
    let clock = TestClock()
    var seen: [Int] = []
    var loop: LoopingCall!
    loop = LoopingCall(clock: clock) { seen.append(loop.missed) }
    loop.start(every: .seconds(10))
    // Due at 10 s, called at 35 s: those of 20 s and 30 s are skipped.
    clock.advance(by: .seconds(35))
    clock.advance(by: .seconds(5))
    #expect(seen == [0, 2, 2] && loop.missed == 2 && loop.count == 3)
    loop.stop()
  }

  @Test func `a Deferred in the last statement is waited for, whatever is before it`() {
    let clock = TestClock()
    var running: [Deferred<Int>] = []
    var seen: [String] = []
    func work() -> Deferred<Int> {
      running.append(Deferred<Int>())
      return running.last!
    }
    let loops = [
      LoopingCall(clock: clock) {
        seen.append("a call")
        work()
      },
      LoopingCall(clock: clock) {
        let word = "a declaration"
        work().addCallback { _ in seen.append(word) }
      },
      LoopingCall(clock: clock) {
        if seen.isEmpty { seen.append("an if") }
        for word in ["a", "loop"] { seen.append(word) }
        switch seen.count {
        case 0: seen.append("none")
        default: seen.append("some")
        }
        work().addCallback {
          seen.append("\($0)")
          seen.append("statements")
        }
      },
      LoopingCall(clock: clock) {
        seen.append("branches")
        if seen.isEmpty { work() } else { work() }
      },
      LoopingCall(clock: clock) {
        guard seen.isEmpty else { return work() }
        return work()
      },
    ]
    for (index, loop) in loops.enumerated() {
      running = []
      loop.start(every: .zero)
      for _ in 0..<5 { clock.advance(by: .seconds(1)) }
      #expect(running.count == 1, "loop \(index)")
      running[0].callback(1)
      clock.advance(by: .seconds(1))
      #expect(running.count == 2, "loop \(index)")
      running[1].callback(2)
      loop.stop()
    }
  }

  @Test func `a body that returns nothing is called at each interval, whatever it is made of`() {
    let clock = TestClock()
    var seen: [Int] = []
    var loops: [LoopingCall] = []
    loops = [
      LoopingCall(clock: clock) {},
      LoopingCall(clock: clock) { seen.append(1) },
      LoopingCall(clock: clock) {
        guard seen.count < 1_000 else { return }
        seen.append(1)
      },
      LoopingCall(clock: clock) {
        defer { seen.append(2) }
        while seen.count > 100 { seen.removeLast() }
      },
      LoopingCall(clock: clock) {
        if seen.isEmpty { seen.append(0) } else { Deferred<Int>.succeed(1).addCallback { seen.append($0) } }
      },
    ]
    for (index, loop) in loops.enumerated() {
      loop.start(every: .seconds(1))
      for _ in 0..<5 { clock.advance(by: .seconds(1)) }
      #expect(loop.count == 6, "loop \(index)")
      loop.stop()
    }
  }

  @Test func `a body of one expression that returns a Deferred with a value is waited for`() {
    let clock = TestClock()
    var running: [Deferred<Int>] = []
    func work() -> Deferred<Int> {
      running.append(Deferred<Int>())
      return running.last!
    }
    let loop = LoopingCall(clock: clock) { work() }
    loop.start(every: .zero)
    for _ in 0..<5 { clock.advance(by: .seconds(1)) }
    #expect(running.count == 1)
    running[0].callback(1)
    clock.advance(by: .seconds(1))
    #expect(running.count == 2)
    loop.stop()
    running[1].callback(2)
  }

  @Test func `the next call waits for the Deferred of the one before, and what was due meanwhile is counted`() {
    let clock = TestClock()
    var running: [Deferred<Void>] = []
    let loop = LoopingCall(clock: clock) {
      let work = Deferred<Void>()
      running.append(work)
      return work
    }
    loop.start(every: .seconds(1), now: false)
    #expect(running.isEmpty)
    clock.advance(by: .seconds(1))
    clock.advance(by: .milliseconds(3500))
    #expect(running.count == 1)
    running[0].callback()
    #expect(loop.missed == 3)
    clock.advance(by: .milliseconds(499))
    #expect(running.count == 1)
    clock.advance(by: .milliseconds(1))
    #expect(running.count == 2)
    // Stopped and restarted during a call: the end of the old call does not affect the new loop.
    loop.stop()
    loop.start(every: .seconds(1))
    #expect(running.count == 3)
    running[1].callback()
    clock.advance(by: .seconds(5))
    #expect(running.count == 3)
    loop.stop()
  }

  @Test func `an error ends it, and cancelling what start returned stops it`() throws {
    let clock = TestClock()
    var calls = 0
    let throwing = LoopingCall(clock: clock) {
      calls += 1
      if calls == 3 { throw Trouble() }
    }
    let outcome = throwing.start(every: .seconds(1))
    clock.pump([.seconds(1), .seconds(1), .seconds(1)])
    try failureResult(of: outcome, as: Trouble.self)
    #expect(calls == 3 && !throwing.isRunning)
    let failing = LoopingCall(clock: clock) { Deferred<Void>.fail(Trouble()) }
    try failureResult(of: failing.start(every: .seconds(1)), as: Trouble.self)
    let endless = LoopingCall(clock: clock) { calls += 1 }
    let cancelled = endless.start(every: .zero, now: false)
    cancelled.cancel()
    try failureResult(of: cancelled, as: CancelledError.self)
    clock.advance(by: .seconds(1))
    #expect(calls == 3 && clock.delayedCalls.isEmpty)
  }

  @Test func `jitter makes calls late, by less than it says, and does not add up`() {
    let clock = TestClock()
    let begin = clock.now
    var lateness: [Duration] = []
    var number = 0
    let loop = LoopingCall(clock: clock) {
      lateness.append(clock.now - begin - Duration.seconds(number))
      number += 1
    }
    loop.start(every: .seconds(1), jitter: 0.5)
    for _ in 0..<20_000 { clock.advance(by: .milliseconds(10)) }
    #expect(lateness.count >= 199)
    #expect(lateness.allSatisfy { late in late >= .zero && late <= Duration.milliseconds(510) })
    #expect(lateness.contains { late in late > Duration.milliseconds(250) })
    loop.stop()
  }

  @Test func `a loop without an owner continues, and is released when it is stopped`() {
    let clock = TestClock()
    weak var loop: LoopingCall?
    var calls = 0
    do {
      let made = LoopingCall(clock: clock) { calls += 1 }
      made.start(every: .seconds(1))
      loop = made
    }
    clock.pump([.seconds(1), .seconds(1)])
    #expect(calls == 3)
    loop?.stop()
    #expect(loop == nil)
  }

  @Test func `what a body fails with after it has stopped its loop is not lost`() {
    let clock = TestClock()
    var loop: LoopingCall?
    let thrown = reports {
      loop = LoopingCall(clock: clock) {
        loop?.stop()
        throw Trouble()
      }
      loop?.start(every: .seconds(1))
    }
    #expect(thrown.map(\.code) == [.unhandledFailure])
    let later = Deferred<Void>()
    let failed = reports {
      loop = LoopingCall(clock: clock) { later }
      loop?.start(every: .seconds(1))
      loop?.stop()
      later.errback(Trouble())
    }
    #expect(failed.map(\.code) == [.unhandledFailure])
    loop = nil
  }

  @Test func `what a body does after it has started its loop anew is no matter of the new one`() {
    let clock = TestClock()
    var loop: LoopingCall?
    var starts = 0
    let old = Deferred<Void>()
    loop = LoopingCall(clock: clock) { () -> Deferred<Void> in
      starts += 1
      if starts > 1 { return .succeed() }
      loop?.stop()
      loop?.start(every: .seconds(1))
      return old
    }
    loop?.start(every: .seconds(1))
    clock.advance(by: .seconds(1))
    #expect(starts == 3)
    #expect(reports { old.errback(Trouble()) }.map(\.code) == [.unhandledFailure])
    #expect(loop?.isRunning == true)
    loop?.stop()
    loop = nil
  }
}
