import SwirlCoordination
import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct RateTests {
  @Test func `a bucket gives what it has, and then one token at a time`() throws {
    let clock = TestClock()
    let begin = clock.now
    let bucket = TokenBucket(rate: 10, burst: 3, clock: clock)
    var times: [Duration] = []
    for _ in 0..<6 { bucket.take().addCallback { times.append(clock.now - begin) } }
    #expect(times.count == 3 && !bucket.takeNow())
    for _ in 0..<300 { clock.advance(by: .milliseconds(1)) }
    #expect(times.suffix(3) == [.milliseconds(100), .milliseconds(200), .milliseconds(300)])
    clock.advance(by: .milliseconds(100))
    #expect(bucket.takeNow() && !bucket.takeNow())
    let cancelled = bucket.take(2)
    cancelled.cancel()
    try failureResult(of: cancelled, as: CancelledError.self)
    #expect(clock.delayedCalls.isEmpty)
  }

  @Test func `of a burst the last is called, when it is over`() {
    let clock = TestClock()
    var found: [String] = []
    let search = Debounce(.milliseconds(300), clock: clock) { (text: String) in found.append(text) }
    for text in ["s", "sw", "swi"] {
      search(text)
      clock.advance(by: .milliseconds(200))
    }
    #expect(found.isEmpty)
    clock.advance(by: .milliseconds(100))
    #expect(found == ["swi"])
    search("x")
    search.cancel()
    clock.advance(by: .seconds(1))
    #expect(found == ["swi"])
  }

  @Test func `one call in an interval, and the latest value is not lost`() {
    let clock = TestClock()
    var shown: [Int] = []
    let show = Throttle(.seconds(1), clock: clock) { (number: Int) in shown.append(number) }
    for number in 1...5 { show(number) }
    #expect(shown == [1])
    clock.advance(by: .seconds(1))
    #expect(shown == [1, 5])
    show(6)
    clock.advance(by: .milliseconds(999))
    #expect(shown == [1, 5])
    clock.advance(by: .milliseconds(1))
    #expect(shown == [1, 5, 6])
    clock.advance(by: .seconds(5))
    show(7)
    #expect(shown == [1, 5, 6, 7])
    show(8)
    show.cancel()
    clock.advance(by: .seconds(5))
    #expect(shown == [1, 5, 6, 7])
  }

  @Test func `who comes late goes behind those who wait, however late the loop is`() {
    let clock = TestClock()
    let bucket = TokenBucket(rate: 1, clock: clock)
    var served: [String] = []
    bucket.take().addCallback { served.append("first") }
    bucket.take().addCallback { served.append("second") }
    clock.callLater(.milliseconds(500)) {
      #expect(!bucket.takeNow())
      bucket.take().addCallback { served.append("third") }
    }
    // The clock jumps: all calls run late, and the third is taken when the second is due but not served yet.
    clock.advance(by: .seconds(10))
    #expect(served == ["first", "second", "third"])
    clock.advance(by: .seconds(10))
    #expect(bucket.takeNow())
  }

  @Test func `a rate may be slow, and tokens many, without an end of the numbers`() throws {
    let clock = TestClock()
    let slow = TokenBucket(rate: 1e-300, burst: 3, clock: clock)
    for _ in 0..<3 { try successResult(of: slow.take()) }
    let never = (0..<3).map { _ in slow.take(.max) }
    clock.advance(by: .seconds(30 * 365 * 86_400))
    #expect(!slow.takeNow() && !never.contains(where: \.isFired))
    for waiting in never {
      waiting.addErrback { _ in }
      waiting.cancel()
    }
    #expect(clock.delayedCalls.isEmpty)
  }

  @Test(arguments: [3e8, 6e8, 7.5e6]) func `a rate that is no whole number of nanoseconds is kept`(_ rate: Double) {
    var bucket = Bucket(rate: rate, burst: 1)
    for _ in 0..<1000 { _ = bucket.take(Int(rate / 1000), now: 0) }
    #expect(abs(bucket.take(now: 0) - 1_000_000_000) < 1_000_000)
  }
}
