/// A reference to a reactor, for objects that may outlive it.
///
/// Not a `weak` reference: that would give the reactor a side table. The leak sanitizer cannot see the pointer to it in
/// the main reactor, which is never freed, and would report a leak in every program.
package final class ReactorReference {
  /// Unowned and unchecked: the reactor clears it in its `deinit`, and only its thread uses both.
  private unowned(unsafe) var unowned: Reactor?

  init(_ reactor: Reactor) { unowned = reactor }

  /// The reactor, until it is released.
  package var reactor: Reactor? { unowned }

  /// Called when the reactor is released.
  func clear() { unowned = nil }
}
