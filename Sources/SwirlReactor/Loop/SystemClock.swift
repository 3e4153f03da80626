import SwirlDeferred
import SwirlPlatform

/// The clocks of the system. The library reads them only here.
package enum SystemClock {
  /// Nanoseconds on `CLOCK_MONOTONIC`.
  package static var monotonic: Int64 { read(CLOCK_MONOTONIC) }

  /// Nanoseconds since 1970 on the wall clock, which may jump.
  package static var wall: Int64 { read(CLOCK_REALTIME) }

  /// The wall clock in whole seconds, of the kernel's last tick: a third of the price.
  package static var wallSeconds: Int { time(nil) }

  @inline(__always) private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

extension Instant {
  /// The current time on the system's monotonic clock.
  static var now: Instant { Instant(nanoseconds: SystemClock.monotonic) }
}
