import SwirlPlatform
package import SwirlReactor
import SwirlPlatform

/// A stream socket without a descriptor: one side of a connection, or a listener, of an in-memory network.
///
/// Its methods return the results of the system calls of their names: -1 is an error; `errno` has the reason.
package protocol SimulatedSocket: AnyObject {
  /// Its address; nil before it is bound.
  var localAddress: SocketAddress? { get }
  /// Reads up to `room` bytes, or just peeks at them; 0 at EOF.
  func receive(_ base: UnsafeMutableRawPointer, _ room: Int, isPeeking: Bool) -> Int
  /// Takes as many bytes as fit in the buffer.
  func send(_ bytes: UnsafeBufferPointer<UInt8>) -> Int
  /// Ends the direction to the peer, after the sent bytes.
  func shutdownWriting()
  /// Makes `close()` reset the connection.
  func resetOnClose()
  func close()
  /// The error of the connect, or zero.
  func takeError() -> Int32
  /// What is known of the peer, whatever is left to read.
  var peerState: PeerState { get }
  /// The next connection of a listener.
  func accept() -> (socket: StreamSocket, peer: SocketAddress?)?
  /// A watch on it.
  func fileEvent(_ interest: FileEvent.Interest, handler: @escaping () -> Void) -> FileEvent
}

/// What a socket knows of its peer without reading.
package enum PeerState {
  /// The peer can still send.
  case open
  /// The peer has ended its direction.
  case ended
  /// The connection broke.
  case broken
}

/// The network of a reactor, in place of the kernel's.
package protocol SimulatedNetwork: AnyObject {
  /// The listening address for `name`; nil if that is impossible.
  func address(toListenAt name: String) -> SocketAddress?
  /// A socket that connects to `address`. Throws an error with an `errno` if that fails at once.
  func connect(to address: SocketAddress) throws(NetError) -> any SimulatedSocket
  /// A socket that listens at `address`.
  func listen(at address: SocketAddress, backlog: Int) throws(NetError) -> any SimulatedSocket
  /// A socket for datagrams at `address`, nil for one of the network's choice. It is connected to `peer` unless that
  /// is nil.
  func datagramChannel(
    at address: SocketAddress?, to peer: SocketAddress?, _ options: DatagramOptions
  ) throws(NetError) -> any DatagramChannel
}

/// A stream socket: a kernel descriptor, or an object of an in-memory network.
package struct StreamSocket {
  /// The descriptor; -1 for a simulated or a closed socket.
  package let descriptor: Int32
  package let simulated: (any SimulatedSocket)?

  package init(_ descriptor: Int32) {
    self.descriptor = descriptor
    simulated = nil
  }

  package init(_ simulated: any SimulatedSocket) {
    descriptor = -1
    self.simulated = simulated
  }

  /// No socket.
  static var closed: StreamSocket { StreamSocket(-1) }
  var isOpen: Bool { descriptor >= 0 || simulated != nil }

  func receive(_ base: UnsafeMutableRawPointer, _ room: Int, isPeeking: Bool = false) -> Int {
    if let simulated { return simulated.receive(base, room, isPeeking: isPeeking) }
    return recv(descriptor, base, room, isPeeking ? Int32(MSG_PEEK) : 0)
  }

  /// Peeks at one byte.
  func peek() -> Int {
    var byte: UInt8 = 0
    return receive(&byte, 1, isPeeking: true)
  }

  func send(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    if let simulated { return simulated.send(bytes) }
    return Socket.send(descriptor, bytes)
  }

  func shutdownWriting() {
    if let simulated { return simulated.shutdownWriting() }
    shutdown(descriptor, Int32(SHUT_WR))
  }

  func resetOnClose() {
    if let simulated { return simulated.resetOnClose() }
    Socket.resetOnClose(descriptor)
  }

  func close() {
    if let simulated { return simulated.close() }
    if descriptor >= 0 { Socket.close(descriptor) }
  }

  func takeError() -> Int32 { simulated?.takeError() ?? Socket.takeError(descriptor) }

  /// Asks the kernel whether the peer has ended or reset the connection, and reads nothing.
  var peerState: PeerState {
    if let simulated { return simulated.peerState }
    #if os(Linux)
    var place = pollfd(fd: descriptor, events: Self.peerHasEnded, revents: 0)
    guard poll(&place, 1, 0) > 0 else { return .open }
    return place.revents & Int16(POLLERR | POLLHUP) != 0 ? .broken : .ended
    #else
    return .open
    #endif
  }

  /// POLLRDHUP, which is hidden without `_GNU_SOURCE`.
  private static let peerHasEnded: Int16 = 0x2000

  var localAddress: SocketAddress? {
    if let simulated { return simulated.localAddress }
    return Socket.localAddress(descriptor)
  }

  /// The next connection of a simulated listener; a closed socket, with the reason in `errno`, if it has no connection.
  func accept() -> (socket: StreamSocket, peer: SocketAddress?) {
    if let accepted = simulated?.accept() { return accepted }
    errno = EAGAIN
    return (.closed, nil)
  }

  func fileEvent(
    on reactor: Reactor, _ interest: FileEvent.Interest, handler: @escaping () -> Void
  ) -> FileEvent {
    if let simulated { return simulated.fileEvent(interest, handler: handler) }
    return reactor.fileEvent(descriptor, interest, handler: handler)
  }
}

/// The simulated network of a reactor.
private final class NetworkOfReactor {
  var network: (any SimulatedNetwork)?
}

extension Reactor {
  /// The network of new connections and listeners; nil for the kernel's.
  package var simulatedNetwork: (any SimulatedNetwork)? {
    get { attached(NetworkOfReactor.self) { NetworkOfReactor() }.network }
    set { attached(NetworkOfReactor.self) { NetworkOfReactor() }.network = newValue }
  }
}
