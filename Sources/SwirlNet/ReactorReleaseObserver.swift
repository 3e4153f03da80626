/// A protocol that others hold while its connection is open, so that it must release itself when the reactor is released: it is not told of
/// an end then.
package protocol ReactorReleaseObserver: StreamProtocol {
  /// Called once, in the place of `connectionLost`. The reactor must not be used any more.
  func reactorReleased()
}
