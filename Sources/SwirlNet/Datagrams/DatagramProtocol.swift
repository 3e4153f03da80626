/// The callbacks of a datagram socket: the program's side of a ``DatagramSocket``. Twisted: `DatagramProtocol`.
///
/// All calls are on the reactor's thread. Only ``datagramReceived(_:from:to:)`` is required.
public protocol DatagramProtocol: AnyObject {
  /// The socket is open. Called once, before all others. Twisted: `startProtocol`; asyncio: `connection_made`.
  func socketOpened(_ socket: DatagramSocket)

  /// A datagram has arrived. Its bytes are valid during the call only. Nothing is allocated for it.
  ///
  /// - Parameters:
  ///   - bytes: the content, which may be empty.
  ///   - source: the sender's address.
  ///   - destination: the address that it was sent to: see ``Datagram/destination``.
  func datagramReceived(_ bytes: Span<UInt8>, from source: SocketAddress, to destination: SocketAddress)

  /// A datagram was not sent, or a router or the peer has refused it (ICMP), or one arrived that is too long. The error
  /// names the peer. The socket stays open. Twisted: `connectionRefused`; asyncio: `error_received`.
  func errorReceived(_ error: NetError)

  /// All datagrams were passed to the kernel, after ``DatagramSocket/send(_:to:from:)-(Span<UInt8>,_,_)`` had to queue
  /// some.
  func sendQueueEmptied()

  /// The socket is closed. Called once, after all others. Twisted: `stopProtocol`; asyncio: `connection_lost`.
  func socketClosed()
}

extension DatagramProtocol {
  /// Does nothing.
  public func socketOpened(_ socket: DatagramSocket) {}
  /// Does nothing: the error is in the log, at the level `debug`.
  public func errorReceived(_ error: NetError) {}
  /// Does nothing.
  public func sendQueueEmptied() {}
  /// Does nothing.
  public func socketClosed() {}
}
