/// What connecting gives: an open connection that has not been started. It is closed when the last reference to it is released.
package protocol ConnectedTransport: Transport {
  /// Hands the connection to its protocol and starts reading. Once, and before anything else.
  func start(_ streamProtocol: any StreamProtocol)

  /// Whether the connection broke, of which its protocol will be notified in the next turn.
  var isBroken: Bool { get }

  /// Whether the peer has sent anything that was not delivered: bytes, its end of the connection, or a reset. Messages of TLS itself, such
  /// as session tickets, do not count. Also true for a connection that is no longer open.
  ///
  /// It takes nothing from the socket that it would not take anyway.
  ///
  /// - Parameter hasJustRead: whether nothing can have arrived since the last read. Then it looks into the socket, which is a system
  ///   call, only if that read may have left something there.
  func hasUndeliveredInput(hasJustRead: Bool) -> Bool
}
