/// The result of connecting: an open connection that is not started yet. It closes when the last reference to it is
/// released.
package protocol ConnectedTransport: Transport {
  /// Passes the connection to its protocol and starts reading. Call it once, before any other method.
  func start(_ streamProtocol: any StreamProtocol)

  /// Takes back bytes that its protocol does not want, behind those taken back before: the next protocol gets them
  /// before all that is read. Call it while there is no protocol.
  func putBack(_ bytes: Span<UInt8>)

  /// Called once after `connectionLost`, whichever protocol the connection has then.
  var onEnd: ((ConnectionEnd) -> Void)? { get set }

  /// Whether the connection broke; its protocol will be notified in the next turn.
  var isBroken: Bool { get }

  /// Whether the peer has sent undelivered input: bytes, EOF, or a reset. TLS's own messages, such as session tickets,
  /// do not count. Also true for a connection that is no longer open.
  ///
  /// It does not consume the connection's input.
  ///
  /// - Parameter hasJustRead: whether no input can have arrived since the last read. Then it peeks at the socket, a
  ///   system call, only if that read may have left bytes there.
  func hasUndeliveredInput(hasJustRead: Bool) -> Bool
}
