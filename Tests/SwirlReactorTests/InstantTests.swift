import SwirlDeferred
import SwirlReactor
import Testing

@Suite struct InstantTests {
  @Test func `time goes forward`() {
    let reactor = Reactor()
    let earlier = reactor.now
    let later = reactor.now
    #expect(earlier <= later)
  }

  @Test func `moments and durations add up`() {
    let moment = Instant(nanoseconds: 5)
    #expect(moment + .nanoseconds(3) == Instant(nanoseconds: 8))
    #expect(moment + .nanoseconds(3) - moment == .nanoseconds(3))
    #expect(moment.duration(to: Instant(nanoseconds: 2)) == .nanoseconds(-3))
    #expect(moment - .nanoseconds(3) == Instant(nanoseconds: 2))
    #expect(moment < moment.advanced(by: .nanoseconds(1)))
  }

  @Test(
    arguments: [
      (.zero, 0), (.nanoseconds(7), 7), (.seconds(2), 2_000_000_000), (.milliseconds(-3), -3_000_000),
      (.seconds(20), 20_000_000_000),
      (Duration(secondsComponent: 7, attosecondsComponent: 1_999_999_999), 7_000_000_001),
      (.nanoseconds(Int64.max / 2), Int64.max / 2), (.seconds(4_611_686_019), Int64.max / 2),
      (.nanoseconds(Int64.min / 2 + 1), Int64.min / 2 + 1), (.seconds(Int64.max), Int64.max / 2),
      (.seconds(Int64.min), -(Int64.max / 2)),
    ] as [(Duration, Int64)])
  func `a duration in nanoseconds is cut to what can be added to a moment`(duration: Duration, nanoseconds: Int64) {
    #expect(duration.nanoseconds == nanoseconds)
  }

  @Test func `a moment does not overflow`() {
    let far = Instant(nanoseconds: .max)
    #expect(far + .seconds(1) == far)
    #expect(Instant(nanoseconds: .min) - .seconds(1) == Instant(nanoseconds: .min))
  }
}
