/// A protocol that other objects retain while its connection is open. It must break that cycle when the reactor is
/// released, because its `connectionLost` is not called then.
package protocol ReactorReleaseObserver: StreamProtocol {
  /// Called once, in place of `connectionLost`. The reactor must not be used any more.
  func reactorReleased()
}
