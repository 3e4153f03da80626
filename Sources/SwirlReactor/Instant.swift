extension Reactor {
  /// A moment on the monotonic clock (`CLOCK_MONOTONIC`): it never jumps, and does not run while the machine sleeps.
  public struct Instant: InstantProtocol, Sendable, CustomStringConvertible {
    /// Nanoseconds since a fixed but arbitrary moment, in practice since the machine was started.
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// This moment moved by `duration`.
    public func advanced(by duration: Duration) -> Instant {
      let (moved, overflow) = nanoseconds.addingReportingOverflow(duration.nanoseconds)
      return Instant(nanoseconds: overflow ? (duration < .zero ? .min : .max) : moved)
    }

    /// The time from this moment to `other`; negative if `other` is earlier.
    public func duration(to other: Instant) -> Duration { .nanoseconds(other.nanoseconds - nanoseconds) }

    /// Whether `a` comes before `b`.
    public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

    /// Moves `instant` by `duration`.
    public static func + (instant: Instant, duration: Duration) -> Instant { instant.advanced(by: duration) }

    /// Moves `instant` back by `duration`.
    public static func - (instant: Instant, duration: Duration) -> Instant { instant.advanced(by: .zero - duration) }

    /// The time from `b` to `a`.
    public static func - (a: Instant, b: Instant) -> Duration { b.duration(to: a) }

    /// Seconds on the monotonic clock.
    public var description: String { "\(Double(nanoseconds) / 1e9) s" }
  }
}

extension Duration {
  /// The duration in whole nanoseconds, rounded down; clamped to 290 years.
  package var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    // Half the range, so that adding to an instant cannot overflow.
    let limit = Int64.max / 2
    if overflow { return seconds < 0 ? -limit : limit }
    return min(max(whole, -limit), limit) + attoseconds / 1_000_000_000
  }
}
