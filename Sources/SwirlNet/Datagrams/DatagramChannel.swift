package import SwirlReactor

/// A datagram socket: the kernel's, or one of an in-memory network.
package protocol DatagramChannel: AnyObject {
  /// Its own address.
  var localAddress: SocketAddress { get }
  /// The number of datagrams that came while its receive buffer was full.
  var droppedCount: Int { get }
  /// Passes on datagrams that have come, up to a batch, while `sink` is open. Returns whether there may be more.
  func receive(into sink: any DatagramSink) -> Bool
  /// Sends from the queue. Returns whether it is empty: otherwise the send buffer is full.
  func send(_ queue: inout DatagramQueue, reportingTo sink: any DatagramSink) -> Bool
  /// Joins or leaves a group, or changes an option of sending.
  func change(_ change: DatagramChange) throws(SocketOptionError)
  func fileEvent(on reactor: Reactor, _ interest: FileEvent.Interest, handler: @escaping () -> Void) -> FileEvent
  func close()
}

/// What a channel passes its datagrams and errors to.
package protocol DatagramSink: AnyObject {
  /// Whether it takes more.
  var isReceiving: Bool { get }
  /// - Parameter local: the address to answer from; nil for the system's choice.
  func received(
    _ bytes: Span<UInt8>, from source: SocketAddress, to destination: SocketAddress, at local: SocketAddress?)
  /// A datagram was longer than the limit: it is lost.
  func receivedTooLong(_ count: Int, from source: SocketAddress)
  /// A datagram was not sent, or was refused by its peer.
  func failed(_ error: NetError)
  /// Datagrams were passed to the kernel.
  func sent(_ count: Int)
}

/// What a datagram socket changes while it is open.
package enum DatagramChange {
  case join(DatagramGroup)
  case leave(DatagramGroup)
}

/// A multicast group on an interface.
package struct DatagramGroup: Hashable {
  package let group: SocketAddress
  /// nil for all senders (RFC 3376).
  package let source: SocketAddress?
  /// The index of the interface; zero for the system's choice.
  package let interface: UInt32
}
