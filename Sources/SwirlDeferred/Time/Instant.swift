/// A moment on a monotonic clock, which never jumps: of the reactor, or of a clock that a test advances.
///
/// Moments of one clock can be compared and subtracted; those of different clocks have nothing to do with one another.
/// The reactor's clock is `CLOCK_MONOTONIC`: on Linux it does not advance while the machine sleeps.
public struct Instant: InstantProtocol, Sendable, CustomStringConvertible {
  /// Nanoseconds since a moment that the clock chose: for the reactor's, in practice, when the machine was started.
  @usableFromInline package var nanoseconds: Int64

  @inlinable package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// This moment moved by `duration`.
  public func advanced(by duration: Duration) -> Instant {
    let (moved, overflow) = nanoseconds.addingReportingOverflow(duration.nanoseconds)
    return Instant(nanoseconds: overflow ? (duration < .zero ? .min : .max) : moved)
  }

  /// The time from this moment to `other`; negative when that one is earlier.
  public func duration(to other: Instant) -> Duration { .nanoseconds(other.nanoseconds - nanoseconds) }

  /// Whether `a` comes before `b`.
  public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

  /// Moves `instant` by `duration`.
  public static func + (instant: Instant, duration: Duration) -> Instant { instant.advanced(by: duration) }

  /// Moves `instant` back by `duration`.
  public static func - (instant: Instant, duration: Duration) -> Instant { instant.advanced(by: .zero - duration) }

  /// The time from `b` to `a`.
  public static func - (a: Instant, b: Instant) -> Duration { b.duration(to: a) }

  /// Seconds on the clock.
  public var description: String { "\(Double(nanoseconds) / 1e9) s" }
}

extension Duration {
  /// The duration in whole nanoseconds, rounded down; one of more than 146 years is cut to that.
  @inlinable package var nanoseconds: Int64 {
    // One division where the high word is small, up to 146 years: `components` takes 190 instructions, a quarter of
    // what a timer takes.
    let all = self.attoseconds
    let high = all >> 64
    if high >= 0, high < 250_000_000 {
      let words = (high: UInt64(truncatingIfNeeded: high), low: UInt64(truncatingIfNeeded: all))
      return Int64((1_000_000_000 as UInt64).dividingFullWidth(words).quotient)
    }
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    // Half the range, so that a moment can still be added to it.
    let limit = Int64.max / 2
    if overflow { return seconds < 0 ? -limit : limit }
    return min(max(whole, -limit), limit) + attoseconds / 1_000_000_000
  }
}
