import SwirlPlatform
import SwirlReactor

/// A secured connection in the role of a socket: TLS with a proxy carries TLS with the peer behind it.
final class SecuredSocket: SimulatedSocket {
  private let security: any ConnectionSecurity
  private let socket: StreamSocket

  init(_ security: any ConnectionSecurity, over socket: StreamSocket) {
    self.security = security
    self.socket = socket
  }

  var localAddress: SocketAddress? { socket.localAddress }

  func receive(_ base: UnsafeMutableRawPointer, _ room: Int, isPeeking: Bool) -> Int {
    precondition(!isPeeking, "TLS peeks at its own content, not at that of its socket")
    return security.read(base, room)
  }

  func send(_ bytes: UnsafeBufferPointer<UInt8>) -> Int { security.write(bytes) }

  func shutdownWriting() { security.sendEnd() }
  func resetOnClose() { socket.resetOnClose() }
  func close() { socket.close() }
  func takeError() -> Int32 { socket.takeError() }
  var peerState: PeerState { socket.peerState }
  func accept() -> (socket: StreamSocket, peer: SocketAddress?)? { nil }

  func fileEvent(_ interest: FileEvent.Interest, handler: @escaping () -> Void) -> FileEvent {
    preconditionFailure("the transport watches the socket beneath")
  }
}

/// Security with the peer, within security with a proxy.
final class NestedSecurity: ConnectionSecurity {
  private let inner: any ConnectionSecurity
  private let outer: any ConnectionSecurity

  init(_ inner: any ConnectionSecurity, within outer: any ConnectionSecurity) {
    self.inner = inner
    self.outer = outer
  }

  var info: TLSInfo { inner.info }
  /// A failure of the outer one looks like one of the network to the inner one.
  var failure: NetError? { outer.failure ?? inner.failure }
  var needsToWriteToRead: Bool { inner.needsToWriteToRead || outer.needsToWriteToRead }
  var needsToReadToWrite: Bool { inner.needsToReadToWrite || outer.needsToReadToWrite }
  var hasPending: Bool { inner.hasPending || outer.hasPending }
  var isPeerPlain: Bool { inner.isPeerPlain }

  func handshake() -> SecurityProgress {
    switch inner.handshake() {
    case .failed(let error): .failed(outer.failure ?? error)
    // The outer one may have to answer first.
    case .needsToRead where outer.needsToWriteToRead: .needsToWrite
    case .needsToWrite where outer.needsToReadToWrite: .needsToRead
    case let progress: progress
    }
  }

  func read(_ base: UnsafeMutableRawPointer, _ room: Int) -> Int { inner.read(base, room) }

  func write(_ bytes: UnsafeBufferPointer<UInt8>) -> Int { inner.write(bytes) }

  /// The inner one cannot know what the outer one has left in the socket, so it always looks.
  func hasUndeliveredInput(hasJustRead: Bool) -> Bool { inner.hasUndeliveredInput(hasJustRead: false) }

  func sendEnd() {
    inner.sendEnd()
    outer.sendEnd()
  }
}
