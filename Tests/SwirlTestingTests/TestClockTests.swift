import SwirlCoordination
import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct TestClockTests {
  let clock = TestClock()

  @Test func `time does not pass until it is advanced`() {
    #expect(clock.now == Instant.zero)
    clock.advance(by: .milliseconds(1500))
    #expect(clock.now - .zero == .milliseconds(1500))
  }

  @Test func `a call is made when its time has come, and once`() {
    var calls = 0
    let call = clock.callLater(.seconds(2)) { calls += 1 }
    clock.advance(by: .milliseconds(1999))
    #expect(calls == 0 && call.isActive)
    clock.advance(by: .milliseconds(1))
    #expect(calls == 1 && !call.isActive)
    clock.advance(by: .seconds(10))
    #expect(calls == 1)
  }

  @Test func `calls are made in the order of their time, then of their making`() {
    var seen = ""
    clock.callLater(.seconds(2)) { seen += "c" }
    clock.callLater(.seconds(1)) { seen += "a" }
    clock.callLater(.seconds(1)) { seen += "b" }
    clock.callLater(.seconds(2)) { seen += "d" }
    clock.advance(by: .seconds(2))
    #expect(seen == "abcd")
  }

  @Test func `of two that are due together, one that was moved comes after one made before the move`() {
    var seen = ""
    let moved = clock.callLater(.seconds(1)) { seen += "b" }
    clock.callLater(.seconds(5)) { seen += "a" }
    moved.reset(.seconds(5))
    clock.callLater(.seconds(5)) { seen += "c" }
    clock.pump([.seconds(1), .seconds(4)])
    #expect(seen == "abc")
  }

  @Test func `what a call makes for now is called in the same advance, after all that was due`() {
    var seen = ""
    clock.callLater(.zero) { [clock] in
      seen += "a"
      clock.callLater(.zero) { seen += "c" }
    }
    clock.callLater(.zero) { seen += "b" }
    clock.advance(by: .zero)
    #expect(seen == "abc")
  }

  @Test func `pump stops at each moment, advance jumps`() {
    func ticks(_ move: (TestClock) -> Void) -> [Duration] {
      let clock = TestClock()
      var seen: [Duration] = []
      for second in 1...3 {
        clock.callLater(.seconds(second)) { [unowned clock] in seen.append(clock.now - .zero) }
      }
      move(clock)
      return seen
    }
    #expect(ticks { $0.advance(by: .seconds(3)) } == [.seconds(3), .seconds(3), .seconds(3)])
    #expect(ticks { $0.pump([.seconds(1), .seconds(1), .seconds(1)]) } == [.seconds(1), .seconds(2), .seconds(3)])
  }

  @Test func `the time of day advances with it, from the one that was given`() {
    let clock = TestClock(wallTime: .seconds(1_000_000_000))
    #expect(clock.wallTime == .seconds(1_000_000_000))
    clock.advance(by: .milliseconds(1500))
    #expect(clock.wallTime == .milliseconds(1_000_000_001_500) && clock.now - .zero == .milliseconds(1500))
  }

  @Test func `calls name the place in the program that made them, on any clock`() {
    let line = UInt(#line)
    let timed = Deferred<Int>().addTimeout(.seconds(1), clock: clock)
    let loop = LoopingCall(clock: clock) {}
    loop.start(every: .seconds(2), now: false)
    let debounced = Debounce(.seconds(3), clock: clock) { (_: Int) in }
    debounced(1)
    let bucket = TokenBucket(rate: 0.25, clock: clock)
    bucket.take().addErrback { _ in }
    let token = bucket.take()
    let sites = clock.delayedCalls.sorted { $0.time < $1.time }.map(\.site)
    #expect(sites.map(\.line) == [line + 1, line + 3, line + 4, line + 8])
    #expect(sites.allSatisfy { "\($0)".contains("TestClockTests") })
    for deferred in [timed.addCallback { _ in }, token] {
      deferred.addErrback { _ in }
      deferred.cancel()
    }
  }

  @Test func `it measures timeouts`() throws {
    let late = Deferred<Int>().addTimeout(.seconds(5), clock: clock)
    clock.advance(by: .milliseconds(4999))
    expectNoResult(of: late)
    clock.advance(by: .milliseconds(1))
    #expect(try failureResult(of: late, as: TimeoutError.self).duration == .seconds(5))
    #expect(clock.delayedCalls.isEmpty)
  }

  @Test func `an error that a call throws is an issue of the test, and the rest are called`() {
    struct Wrong: Error {}
    var isCalled = false
    withKnownIssue {
      clock.callLater(.zero) { throw Wrong() }
      clock.callLater(.zero) { isCalled = true }
      clock.advance(by: .zero)
    } matching: {
      $0.error is Wrong
    }
    #expect(isCalled)
  }

  @Test func `it can be advanced from a call`() {
    var seen = ""
    clock.callLater(.seconds(1)) { [clock] in
      seen += "a"
      clock.advance(by: .seconds(1))
      seen += "c"
    }
    clock.callLater(.seconds(2)) { seen += "b" }
    clock.advance(by: .seconds(1))
    #expect(seen == "abc")
  }

  @Test func `calls that make more calls for now do not hang the test`() async {
    await #expect(processExitsWith: .failure) {
      let clock = TestClock()
      func again() { clock.callLater(.zero, again) }
      again()
      clock.advance(by: .zero)
    }
  }
}

extension Instant {
  fileprivate static var zero: Self { TestClock().now }
}
