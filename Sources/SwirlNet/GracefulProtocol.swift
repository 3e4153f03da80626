/// A protocol that took over a connection of a server, and ends it in its own way when the server stops.
package protocol GracefulProtocol: StreamProtocol {
  /// Begins to end the connection; the transport's end follows soon.
  func closeGracefully()

  /// Called once, when the connection has ended, or its reactor was released.
  var onEnd: ((_ isReleased: Bool) -> Void)? { get set }
}
