/// The wall clock, in seconds.
package enum WallClock {
  /// Seconds since 1970.
  package static var now: Int { Int(SystemClock.wall / 1_000_000_000) }
}
