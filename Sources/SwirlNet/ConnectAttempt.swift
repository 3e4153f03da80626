import SwirlPlatform
import SwirlReactor

/// A socket that is being connected to one address. It is closed when this is let go of, unless it was taken.
final class ConnectAttempt {
  let address: SocketAddress
  private var socket: StreamSocket
  private var isConnected = false
  private var event: FileEvent?
  // The connector that owns the attempt belongs to the reactor.
  private unowned let reactor: Reactor

  /// Begins to connect.
  /// - Throws: what the kernel refuses at once.
  init(to address: SocketAddress, on reactor: Reactor) throws(NetError) {
    self.address = address
    self.reactor = reactor
    if let network = reactor.simulatedNetwork {
      socket = StreamSocket(try network.connect(to: address))
      return
    }
    let descriptor = Socket.stream(address.domain)
    guard descriptor >= 0 else { throw NetError(.connect, address, errno: errno) }
    socket = StreamSocket(descriptor)
    if address.family != .unix { Socket.setNoDelay(descriptor) }
    var progress = Socket.connect(descriptor, to: address)
    // This machine has answered itself before the call returned: asking again costs less than waiting to be told.
    if progress == .underWay, address.isLoopback { progress = Socket.connect(descriptor, to: address) }
    switch progress {
    case .done: isConnected = true
    case .underWay: break
    case .failed(let errno):
      close()
      throw NetError(.connect, address, errno: errno)
    }
  }

  deinit { close() }

  /// Calls `body` when it has connected or failed: never before this returns, even if the kernel was that quick.
  func whenDone(_ body: @escaping (ConnectAttempt, NetError?) -> Void) {
    if isConnected {
      reactor.callSoon { [self] in
        guard socket.isOpen else { return }
        let error = selfConnectError()
        if error != nil { close() }
        body(self, error)
      }
      return
    }
    event = socket.fileEvent(on: reactor, .write) { [unowned self] in
      event?.close()
      let error = outcome()
      if error != nil { close() }
      body(self, error)
    }
    event?.enable()
  }

  private func outcome() -> NetError? {
    let error = socket.takeError()
    return error == 0 ? selfConnectError() : NetError(.connect, address, errno: error)
  }

  private func selfConnectError() -> NetError? {
    // Connecting to a free port of this machine may get that very port as its own, and so itself as the other end.
    if address.family != .unix, socket.localAddress == address {
      return NetError(.connect, address, errno: ECONNREFUSED)
    }
    return nil
  }

  /// Gives away the connected socket, which is the caller's to close.
  func takeSocket() -> StreamSocket {
    defer { socket = .closed }
    event = nil
    return socket
  }

  func close() {
    event?.close()
    socket.close()
    socket = .closed
  }
}
