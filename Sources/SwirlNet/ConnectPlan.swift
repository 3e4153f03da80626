/// What a connect tries: addresses in their order, and what TLS offers to some of them.
struct ConnectPlan {
  var addresses: [SocketAddress] = []
  /// The application protocols (ALPN) for addresses to which not all are offered.
  var applicationProtocols: [SocketAddress: [String]] = [:]

  /// Adds an endpoint: its addresses, whose families alternate, and that are not there yet.
  mutating func append(_ found: [SocketAddress], offering protocols: [String]?) {
    for address in found.interleavingFamilies() where !addresses.contains(address) {
      addresses.append(address)
      if let protocols { applicationProtocols[address] = protocols }
    }
  }
}

extension [SocketAddress] {
  /// The order in which to try them (RFC 8305 §4): the families alternate, starting with that of the first address,
  /// which the resolver prefers: IPv6 if it is routable.
  func interleavingFamilies() -> [SocketAddress] {
    guard count > 1, let first else { return self }
    var preferred = filter { $0.family == first.family }[...]
    var other = filter { $0.family != first.family }[...]
    var order: [SocketAddress] = []
    while let address = preferred.popFirst() {
      order.append(address)
      if let next = other.popFirst() { order.append(next) }
    }
    return order + other
  }
}
