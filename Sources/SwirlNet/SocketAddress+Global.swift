extension SocketAddress {
  /// Whether it is an address of the public Internet: not of this machine, a private or local network, documentation,
  /// multicast or another purpose that IANA's registries of special addresses name as not globally reachable. False for
  /// a Unix socket.
  ///
  /// For a filter such as `allowsAddress` of an HTTP client. An IPv6 address that embeds an IPv4 address
  /// (`::ffff:127.0.0.1`, 6to4, NAT64) counts as that. Python: `ipaddress.ip_address(…).is_global`.
  public var isGlobal: Bool {
    guard let bytes = unmapped.ipBytes else { return false }
    if bytes.count == 4 { return Self.isGlobalIPv4(bytes[...]) }
    // 64:ff9b::/96, by which NAT64 reaches IPv4 (RFC 6052), and 2002::/16, by which 6to4 did (RFC 3056).
    if bytes.starts(with: [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]) { return Self.isGlobalIPv4(bytes[12...]) }
    if bytes.starts(with: [0x20, 0x02]) { return Self.isGlobalIPv4(bytes[2..<6]) }
    // Today the public IPv6 Internet is 2000::/3.
    return bytes[0] & 0xE0 == 0x20 && !Self.specialIPv6.contains { $0.contains(bytes[...]) }
  }

  private static func isGlobalIPv4(_ bytes: ArraySlice<UInt8>) -> Bool {
    globalIPv4.contains { $0.contains(bytes) } || !specialIPv4.contains { $0.contains(bytes) }
  }

  /// IANA's IPv4 Special-Purpose Address Registry, and multicast (RFC 5771).
  private static let specialIPv4 = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4",
  ].map { AddressRange($0)! }

  /// Exceptions that are reachable: PCP and TURN anycast (RFC 7723, RFC 8155).
  private static let globalIPv4 = ["192.0.0.9/32", "192.0.0.10/32"].map { AddressRange($0)! }

  /// The exceptions from 2000::/3 in IANA's IPv6 Special-Purpose Address Registry.
  private static let specialIPv6 = ["2001::/23", "2001:db8::/32", "3fff::/20"].map { AddressRange($0)! }
}
