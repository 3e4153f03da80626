public import SwirlDeferred

/// A source of time that can also be read: a reactor, or in a test a clock that is advanced by hand.
public protocol ReactorClock: ReactorTime {
  /// The current time.
  var now: Reactor.Instant { get }
}

extension Reactor: ReactorClock {}
