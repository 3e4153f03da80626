import SwirlPlatform
import SwirlReactor

/// A socket that is being connected to one address. It is closed when this is let go of, unless its descriptor was taken.
final class ConnectAttempt {
  let address: SocketAddress
  private var descriptor: Int32
  private var isConnected = false
  private var event: FileEvent?
  // The connector that owns the attempt belongs to the reactor.
  private unowned let reactor: Reactor

  /// Begins to connect.
  /// - Throws: what the kernel refuses at once.
  init(to address: SocketAddress, on reactor: Reactor) throws(NetError) {
    self.address = address
    self.reactor = reactor
    descriptor = Socket.stream(address.domain)
    guard descriptor >= 0 else { throw NetError(.connect, address, errno: errno) }
    if address.family != .unix { Socket.setNoDelay(descriptor) }
    var progress = Socket.connect(descriptor, to: address)
    // This machine has answered itself before the call returned: asking again costs less than waiting to be told.
    if progress == .underWay, address.isLoopback { progress = Socket.connect(descriptor, to: address) }
    switch progress {
    case .done: isConnected = true
    case .underWay: break
    case .failed(let errno):
      Socket.close(descriptor)
      descriptor = -1
      throw NetError(.connect, address, errno: errno)
    }
  }

  deinit { close() }

  /// Calls `body` when it has connected or failed: never before this returns, even if the kernel was that quick.
  func whenDone(_ body: @escaping (ConnectAttempt, NetError?) -> Void) {
    if isConnected {
      reactor.callSoon { [self] in
        guard descriptor >= 0 else { return }
        let error = selfConnectError()
        if error != nil { close() }
        body(self, error)
      }
      return
    }
    event = reactor.fileEvent(descriptor, .write) { [unowned self] in
      event?.close()
      let error = outcome()
      if error != nil { close() }
      body(self, error)
    }
    event?.enable()
  }

  private func outcome() -> NetError? {
    let error = Socket.takeError(descriptor)
    return error == 0 ? selfConnectError() : NetError(.connect, address, errno: error)
  }

  private func selfConnectError() -> NetError? {
    // Connecting to a free port of this machine may get that very port as its own, and so itself as the other end.
    if address.family != .unix, Socket.localAddress(descriptor) == address {
      return NetError(.connect, address, errno: ECONNREFUSED)
    }
    return nil
  }

  /// Gives away the connected socket, which is the caller's to close.
  func takeDescriptor() -> Int32 {
    defer { descriptor = -1 }
    event = nil
    return descriptor
  }

  func close() {
    event?.close()
    guard descriptor >= 0 else { return }
    Socket.close(descriptor)
    descriptor = -1
  }
}
