/// A protocol that others retain while its connection is open, so that it must release itself when the reactor is released: its
/// `connectionLost` is not called then.
package protocol ReactorReleaseObserver: StreamProtocol {
  /// Called once, in the place of `connectionLost`. The reactor must not be used any more.
  func reactorReleased()
}
