/// The wall clock, in seconds since 1970.
package enum WallClock {
  /// That of the reactor that runs on this thread, which may be virtual; elsewhere the system's.
  package static var now: Int { Reactor.running?.wallSeconds ?? SystemClock.wallSeconds }
}
