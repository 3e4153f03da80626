import SwirlPlatform
import SwirlReactor

/// A socket that is connecting to one address. Releasing this closes it, unless it was taken.
final class ConnectAttempt {
  let address: SocketAddress
  private var socket: StreamSocket
  private var isConnected = false
  private var event: FileEvent?
  // Unowned: the connector that owns the attempt belongs to the reactor.
  private unowned let reactor: Reactor

  /// Starts to connect.
  /// - Throws: the error if the kernel refuses at once.
  init(
    to address: SocketAddress, _ options: SocketOptions = SocketOptions(), on reactor: Reactor
  ) throws(NetError) {
    self.address = address
    self.reactor = reactor
    if let network = reactor.simulatedNetwork {
      socket = StreamSocket(try network.connect(to: address))
      return
    }
    let descriptor = Socket.stream(address.domain)
    guard descriptor >= 0 else { throw NetError(.connect, address, errno: errno) }
    socket = StreamSocket(descriptor)
    if address.family != .unix {
      do { try options.applyToConnection(descriptor, to: address) } catch {
        close()
        throw NetError(.connect, address, errno: error.errno, reason: error.reason)
      }
    }
    var progress = Socket.connect(descriptor, to: address)
    // A loopback connect has usually completed by now: a second connect call is cheaper than waiting for an event.
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

  /// Calls `body` when it has connected or failed, never before this returns, even if the connect has completed
  /// already.
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
    // Connecting to a free local port may get that same port as the source port, and so connect the socket to itself.
    if address.family != .unix, socket.localAddress == address {
      return NetError(.connect, address, errno: ECONNREFUSED)
    }
    return nil
  }

  /// Returns the connected socket, which the caller has to close.
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
