public import SwirlDeferred
public import SwirlReactor
import Testing

/// A clock that only the test advances, for tests of timers. Twisted: `task.Clock`.
///
/// ```swift
/// let clock = TestClock()
/// let answer = Deferred<Int>().addTimeout(.seconds(5), clock: clock)
/// clock.advance(by: .seconds(5))
/// failureResult(of: answer, as: TimeoutError.self)
/// ```
///
/// It uses the same timer queue as a reactor: calls run in the order of their time; equal times in FIFO order. Not
/// `Sendable`: it belongs to the test.
public final class TestClock: ReactorTime {
  private final class Time {
    var nanoseconds: Int64 = 0
  }
  private let time = Time()
  private let timers: TimerQueue
  private let start: Duration

  /// A clock at time zero.
  /// - Parameter wallTime: the time of day at that moment, as what has passed since 1970-01-01T00:00:00Z; it advances
  ///   with the clock.
  public init(wallTime: Duration = .zero) {
    start = wallTime
    timers = TimerQueue(now: { [time] in time.nanoseconds })
  }

  /// The current time, counted from zero.
  public var now: Instant { Instant(nanoseconds: time.nanoseconds) }

  /// The time of day, which advances with the clock.
  public var wallTime: Duration { start + .nanoseconds(time.nanoseconds) }

  /// The pending calls, unordered. Twisted: `getDelayedCalls`.
  public var delayedCalls: [DelayedCall] { timers.pending }

  /// Calls `body` once the clock has advanced by `delay`; a negative delay counts as zero. If `body` throws, that is
  /// recorded as an issue of the test.
  @discardableResult
  public func callLater(
    _ delay: Duration, file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
  ) -> DelayedCall {
    callAt(now + max(.zero, delay), file: file, line: line, body)
  }

  /// Calls `body` once the clock has advanced to `instant`; a past instant counts as now.
  @discardableResult
  public func callAt(
    _ instant: Instant, file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
  ) -> DelayedCall {
    timers.add(deadline: instant.nanoseconds, site: CallSite(file: file, line: line), body)
  }

  /// Advances the clock by `duration` at once, then runs the due calls.
  ///
  /// Every call sees the new time, like late calls on a busy reactor; use ``pump(_:)`` for times in between. Calls that
  /// the calls schedule run too if they are due, in turns of their own. Twisted: `Clock.advance`.
  public func advance(by duration: Duration) {
    require(duration >= .zero, "time does not run backwards: \(duration)")
    time.nanoseconds = now.advanced(by: duration).nanoseconds
    for _ in 0..<Self.turnsAtMost {
      guard let deadline = timers.nextDeadline, deadline <= time.nanoseconds else { return }
      timers.runDue(at: time.nanoseconds, madeBefore: timers.mark) { call, body in
        do { try body() } catch { Issue.record(error, "the callback made at \(call.site) threw") }
      }
    }
    fatalError("calls that are due at once go on making more of them: \(Self.turnsAtMost) turns at \(now)")
  }

  /// Far more than a test needs, and few enough to fail instead of hanging.
  private static let turnsAtMost = 100_000

  /// Advances the clock by each of `durations`, one after the other. Twisted: `Clock.pump`.
  public func pump(_ durations: some Sequence<Duration>) {
    for duration in durations { advance(by: duration) }
  }
}

@available(*, unavailable, message: "A clock belongs to its test, as a reactor to its thread")
extension TestClock: Sendable {}
