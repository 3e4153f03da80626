#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The clocks of the system. The library reads them only here.
package enum SystemClock {
  /// Nanoseconds on `CLOCK_MONOTONIC`.
  package static var monotonic: Int64 { read(CLOCK_MONOTONIC) }

  /// Nanoseconds since 1970 on the wall clock, which may jump.
  package static var wall: Int64 { read(CLOCK_REALTIME) }

  @inline(__always) private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
