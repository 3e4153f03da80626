import SwirlReactor

// Where to listen, as the program has written it: the same for connections and datagrams.

extension Reactor {
  /// The name of a place for messages; throws for a number that is no port.
  static func placeName(_ interface: String, _ port: Int) throws(NetError) -> String {
    let name = "\(interface.contains(":") ? "[\(interface)]" : interface.isEmpty ? "*" : interface):\(port)"
    guard (0...65535).contains(port) else {
      throw NetError(.listen, name, reason: "a port is a number from 0 to 65535")
    }
    return name
  }

  /// The address of a host that is one, or is on the network in memory.
  func placeAddress(_ host: String, _ port: Int, _ name: String) throws(NetError) -> SocketAddress {
    let found = SocketAddress(ip: host, port: port)
    guard let address = found ?? simulatedNetwork?.address(toListenAt: host)?.with(port: port) else {
      throw NetError(
        .listen, name, reason: "give an address such as 127.0.0.1, or \"\" for all: names are not looked up")
    }
    return address
  }
}
