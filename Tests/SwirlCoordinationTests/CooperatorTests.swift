import SwirlCoordination
import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct CooperatorTests {
  struct Trouble: Error {}

  /// With a turn time of zero each turn ends after one step.
  @Test func `tasks take steps by turns`() throws {
    let clock = TestClock()
    let cooperator = Cooperator(clock: clock, turnTime: .zero)
    var log: [String] = []
    let a = cooperator.cooperate(1...3) { log.append("a\($0)") }
    let b = cooperator.cooperate(1...2) { log.append("b\($0)") }
    #expect(log.isEmpty)
    clock.advance(by: .zero)
    #expect(log == ["a1", "b1", "a2", "b2", "a3"])
    try successResult(of: a.whenDone())
    try successResult(of: b.whenDone())
    #expect(clock.delayedCalls.isEmpty)
  }

  @Test func `a step that returns a Deferred is waited for, while others continue`() throws {
    let clock = TestClock()
    let cooperator = Cooperator(clock: clock, turnTime: .zero)
    let gate = Deferred<Void>()
    var log: [Int] = []
    let waiting = cooperator.cooperate(1...2) { number -> Deferred<Void> in
      log.append(number)
      return number == 1 ? gate : .succeed()
    }
    cooperator.cooperate(11...13) { log.append($0) }
    clock.advance(by: .zero)
    #expect(log == [1, 11, 12, 13])
    gate.callback()
    clock.advance(by: .zero)
    #expect(log == [1, 11, 12, 13, 2])
    try successResult(of: waiting.whenDone())
  }

  @Test func `it can be paused, resumed and stopped, and its errors are its result`() throws {
    let clock = TestClock()
    let cooperator = Cooperator(clock: clock, turnTime: .zero)
    var count = 0
    let task = cooperator.cooperate(1...) { _ in
      count += 1
      if count % 5 == 0 { throw Trouble() }
    }
    task.pause()
    clock.advance(by: .zero)
    #expect(count == 0)
    task.resume()
    clock.advance(by: .zero)
    try failureResult(of: task.whenDone(), as: Trouble.self)
    #expect(count == 5)
    let endless = cooperator.cooperate([1]) { _ in Deferred<Void>() }
    let done = endless.whenDone()
    clock.advance(by: .zero)
    endless.stop()
    try failureResult(of: done, as: CancelledError.self)
    let cancelled = cooperator.cooperate(1...) { _ in count += 1 }
    let outcome = cancelled.whenDone()
    outcome.cancel()
    try failureResult(of: outcome, as: CancelledError.self)
    clock.advance(by: .zero)
    #expect(count == 5 && clock.delayedCalls.isEmpty)
  }

  @Test func `a failure without an errback is reported`() {
    let reports = reports {
      let clock = TestClock()
      cooperate([1], clock: clock) { _ in throw Trouble() }
      clock.advance(by: .zero)
    }
    #expect(reports.count == 1 && reports.first?.error is Trouble)
  }

  @Test func `a long computation leaves the reactor its turns`() {
    let reactor = Reactor()
    var sum = 0
    var ticks = 0
    let beat = LoopingCall(clock: reactor) { ticks += 1 }
    beat.start(every: .milliseconds(5))
    cooperate(0..<400_000, clock: reactor) { sum += $0 }.whenDone().addBoth { _ in reactor.stop() }
    reactor.run()
    #expect(sum == 400_000 * 399_999 / 2)
    #expect(ticks > 2)
    beat.stop()
  }
}
