package import SwirlDeferred
import SwirlPlatform
package import SwirlReactor

extension Reactor {
  /// Opens a socket that is bound to an address.
  func openDatagrams(
    at address: SocketAddress, _ name: String, _ options: DatagramOptions, at site: CallSite
  ) throws(NetError) -> DatagramSocket {
    try open(.listen, name, address.family, options, at: site) { descriptor throws(SocketOptionError) in
      if Socket.bind(descriptor, to: address) == 0 { return }
      guard errno == EADDRINUSE, SocketFile.removeStaleDatagrams(at: address),
        Socket.bind(descriptor, to: address) == 0
      else { throw SocketOptionError(errno: errno, reason: nil) }
    } simulate: { network throws(NetError) in
      try network.datagramChannel(at: address, to: nil, options)
    }
  }

  /// Opens a socket that is connected to an address.
  package func openDatagrams(
    to peer: SocketAddress, from source: SocketAddress?, _ options: DatagramOptions, at site: CallSite
  ) throws(NetError) -> DatagramSocket {
    try open(.connect, peer.description, peer.family, options, peer: peer, at: site) {
      descriptor throws(SocketOptionError) in
      if let source, Socket.bind(descriptor, to: source) != 0 {
        let words = String(cString: strerror(errno)).lowercased()
        throw SocketOptionError(errno: errno, reason: "the source address \(source) cannot be bound: \(words)")
      }
      if source == nil, peer.family == .unix { Socket.bindUnnamed(descriptor) }
      if case .failed(let errno) = Socket.connect(descriptor, to: peer) {
        throw SocketOptionError(errno: errno, reason: nil)
      }
    } simulate: { network throws(NetError) in
      try network.datagramChannel(at: source, to: peer, options)
    }
  }

  private func open(
    _ code: NetError.Code, _ name: String, _ family: SocketAddress.Family, _ options: DatagramOptions,
    peer: SocketAddress? = nil, at site: CallSite, prepare: (Int32) throws(SocketOptionError) -> Void,
    simulate: (any SimulatedNetwork) throws(NetError) -> any DatagramChannel
  ) throws(NetError) -> DatagramSocket {
    if let simulatedNetwork {
      do { try options.check() } catch { throw NetError(code, name, errno: error.errno, reason: error.reason) }
      return try DatagramSocket(simulate(simulatedNetwork), peer: peer, options, on: self, at: site)
    }
    let descriptor = Socket.datagram(family.domain)
    guard descriptor >= 0 else { throw NetError(code, name, errno: errno) }
    do {
      try options.apply(descriptor, family)
      try prepare(descriptor)
    } catch {
      Socket.close(descriptor)
      throw NetError(code, name, errno: error.errno, reason: error.reason)
    }
    let channel = KernelDatagrams(descriptor, family, peer: peer, options, on: self)
    return try DatagramSocket(channel, peer: peer, options, on: self, at: site)
  }
}
