import SwirlDeferred
import SwirlPlatform

/// The clocks of the machine. No other file of the library reads them.
package enum SystemClock {
  /// The monotonic clock.
  static var now: Instant { Instant(nanoseconds: read(CLOCK_MONOTONIC)) }

  /// The wall clock, since 1970-01-01T00:00:00Z.
  package static var wallTime: Duration { .nanoseconds(read(CLOCK_REALTIME)) }

  /// The wall clock in whole seconds, of the kernel's last tick: cheaper by two thirds where many ask.
  package static var wallSeconds: Int { time(nil) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

extension Instant {
  /// The present moment on the clock of the machine.
  static var now: Instant { SystemClock.now }
}
