import SwirlPlatform

/// The one place where the wall clock is read.
package enum WallClock {
  /// Seconds since 1970.
  package static var now: Int { time(nil) }
}
