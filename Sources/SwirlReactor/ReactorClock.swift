public import SwirlDeferred

/// Where time comes from that can be told, too: a reactor, or in a test a clock that is advanced by hand.
public protocol ReactorClock: ReactorTime {
  /// The present moment.
  var now: Reactor.Instant { get }
}

extension Reactor: ReactorClock {}
