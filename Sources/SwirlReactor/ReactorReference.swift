/// The way back to a reactor, for what may be kept longer than it.
///
/// Not a `weak` reference: that gives the reactor a side table, which the leak sanitizer cannot see where the main reactor,
/// which is never freed, points to it, and so reports in every program.
package final class ReactorReference {
  /// Unowned and unchecked: the reactor clears it in its `deinit`, and both are used on its thread only.
  private unowned(unsafe) var unowned: Reactor?

  init(_ reactor: Reactor) { unowned = reactor }

  /// The reactor, until it goes away.
  package var reactor: Reactor? { unowned }

  /// The reactor is going away.
  func clear() { unowned = nil }
}
