public import SwirlNet

extension IPAddress {
  /// An address from text, such as `192.0.2.1` or `2001:db8::1`; nil if it is not numeric, or has a zone.
  public init?(_ text: String) {
    guard !text.utf8.contains(UInt8(ascii: "%")), let address = SocketAddress(ip: text, port: 0) else { return nil }
    self.init(address)
  }

  /// The address of a socket; nil for a Unix socket.
  public init?(_ address: SocketAddress) {
    guard let bytes = address.ipBytes else { return nil }
    self.init(bytes: bytes)
  }
}

extension SocketAddress {
  /// An address from a record, with a port of 0 to 65535.
  public init(_ address: IPAddress, port: Int) {
    guard let made = SocketAddress(ip: address.description, port: port) else {
      fatalError("\(port) is no port: ports are 0 to 65535")
    }
    self = made
  }
}
