package import SwirlReactor

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A stream socket that is no descriptor of the kernel: one end of a connection, or a listener, in a network in memory.
///
/// Its methods answer as the system calls of their names do: -1 is the error, and `errno` says which.
package protocol SimulatedSocket: AnyObject {
  /// Where it is; nil before it is bound.
  var localAddress: SocketAddress? { get }
  /// Reads up to `room` bytes, and leaves them there if it only peeks; 0 at EOF.
  func receive(_ base: UnsafeMutableRawPointer, _ room: Int, isPeeking: Bool) -> Int
  /// Takes as many of the bytes as there is room for.
  func send(_ bytes: UnsafeBufferPointer<UInt8>) -> Int
  /// Ends the direction to the peer, behind what was sent.
  func shutdownWriting()
  /// Makes `close()` reset the connection.
  func resetOnClose()
  func close()
  /// The error that connecting ended with, or zero.
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

/// Where connections of a reactor go and come from, in the place of the kernel's network.
package protocol SimulatedNetwork: AnyObject {
  /// Where to listen in order to be found as `name`; nil where that cannot be.
  func address(toListenAt name: String) -> SocketAddress?
  /// A socket that connects to `address`, or the error, as an `errno`, with which that fails at once.
  func connect(to address: SocketAddress) throws(NetError) -> any SimulatedSocket
  /// A socket that listens at `address`.
  func listen(at address: SocketAddress, backlog: Int) throws(NetError) -> any SimulatedSocket
}

/// A stream socket: a descriptor of the kernel or, with a network in memory, an object.
package struct StreamSocket {
  /// The descriptor; -1 of a simulated socket, and of a closed one.
  let descriptor: Int32
  let simulated: (any SimulatedSocket)?

  package init(_ descriptor: Int32) {
    self.descriptor = descriptor
    simulated = nil
  }

  package init(_ simulated: any SimulatedSocket) {
    descriptor = -1
    self.simulated = simulated
  }

  /// None.
  static var closed: StreamSocket { StreamSocket(-1) }
  var isOpen: Bool { descriptor >= 0 || simulated != nil }

  func receive(_ base: UnsafeMutableRawPointer, _ room: Int) -> Int {
    if let simulated { return simulated.receive(base, room, isPeeking: false) }
    return recv(descriptor, base, room, 0)
  }

  /// Reads a byte that stays there.
  func peek() -> Int {
    var byte: UInt8 = 0
    if let simulated { return simulated.receive(&byte, 1, isPeeking: true) }
    return recv(descriptor, &byte, 1, Int32(MSG_PEEK))
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

  /// The next connection of a simulated listener; a closed one with the reason in `errno` when there is none.
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

/// The network of a reactor, where that is not the kernel's.
private final class NetworkOfReactor {
  var network: (any SimulatedNetwork)?
}

extension Reactor {
  /// Where connections and listeners that are made from now on belong; nil for the kernel's network.
  package var simulatedNetwork: (any SimulatedNetwork)? {
    get { attached(NetworkOfReactor.self) { NetworkOfReactor() }.network }
    set { attached(NetworkOfReactor.self) { NetworkOfReactor() }.network = newValue }
  }
}
