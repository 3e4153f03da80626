public import SwirlDeferred
public import SwirlReactor
import Testing

/// A clock that stands still until it is told to advance, for tests of what waits for time. Twisted: `task.Clock`.
///
/// ```swift
/// let clock = TestClock()
/// let answer = Deferred<Int>().addTimeout(.seconds(5), clock: clock)
/// clock.advance(by: .seconds(5))
/// failureResult(of: answer, as: TimeoutError.self)
/// ```
///
/// Calls are kept as a reactor keeps them, in the same kind of queue: in the order of their time, and of their making where
/// that is the same. Not `Sendable`: it belongs to the test.
public final class TestClock: ReactorTime {
  private final class Time {
    var nanoseconds: Int64 = 0
  }
  private let time = Time()
  private let timers: TimerQueue
  private let start: Duration

  /// A clock at the moment zero.
  /// - Parameter wallTime: the time of day at that moment, as what has passed since 1970-01-01T00:00:00Z; it advances with the clock.
  public init(wallTime: Duration = .zero) {
    start = wallTime
    timers = TimerQueue(now: { [time] in time.nanoseconds })
  }

  /// The present moment, counted from zero.
  public var now: Instant { Instant(nanoseconds: time.nanoseconds) }

  /// The time of day, which advances with the clock.
  public var wallTime: Duration { start + .nanoseconds(time.nanoseconds) }

  /// The calls that are still to come, in no order. Twisted: `getDelayedCalls`.
  public var delayedCalls: [DelayedCall] { timers.pending }

  /// Calls `body` when the clock was advanced by `delay`; a negative one counts as zero. An error it throws is recorded as
  /// an issue of the test.
  @discardableResult
  public func callLater(
    _ delay: Duration, file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
  ) -> DelayedCall {
    callAt(now + max(.zero, delay), file: file, line: line, body)
  }

  /// Calls `body` when the clock was advanced to `instant`; one that has passed counts as now.
  @discardableResult
  public func callAt(
    _ instant: Instant, file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
  ) -> DelayedCall {
    timers.add(deadline: instant.nanoseconds, site: CallSite(file: file, line: line), body)
  }

  /// Moves the clock on by `duration`, at once, and then calls what is due.
  ///
  /// Every call sees the new time, as calls do that a busy reactor makes late; use ``pump(_:)`` for the moments in between.
  /// What the calls make is called too when it is due, in turns of its own. Twisted: `Clock.advance`.
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

  /// Moves the clock on by each of `durations`, one after the other. Twisted: `Clock.pump`.
  public func pump(_ durations: some Sequence<Duration>) {
    for duration in durations { advance(by: duration) }
  }
}

@available(*, unavailable, message: "A clock belongs to its test, as a reactor to its thread")
extension TestClock: Sendable {}
