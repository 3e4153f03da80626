/// A block of IP addresses, as `10.0.0.0/8` or `fd00::/8` (RFC 4632 §3.1, RFC 4291 §2.3), or one address. Python:
/// `ipaddress.ip_network`.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
  private let prefix: [UInt8]
  private let length: Int
  /// As it was written.
  public let description: String

  /// nil unless it is an address, or an address, a slash and a number of bits.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let prefix = SocketAddress(ip: String(parts[0]), port: 0)?.ipBytes, parts.count <= 2 else { return nil }
    if parts.count == 2 {
      guard (1...3).contains(parts[1].utf8.count), parts[1].allSatisfy({ "0123456789".contains($0) }),
        let length = Int(parts[1]), length <= prefix.count * 8
      else { return nil }
      self.length = length
    } else {
      length = prefix.count * 8
    }
    self.prefix = prefix
    description = String(text)
  }

  /// The addresses of this machine itself: `127.0.0.0/8` and `::1`.
  public static let loopback: [AddressRange] = ["127.0.0.0/8", "::1"]

  /// The addresses of private networks: those of RFC 1918, `fc00::/7` (RFC 4193) and link-local ones.
  public static let privateNetworks: [AddressRange] = [
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10",
  ]

  /// Whether the block contains this address. An IPv4-mapped IPv6 address counts as IPv4. False for a Unix socket.
  public func contains(_ address: SocketAddress) -> Bool {
    (address.ipBytes.map { contains($0[...]) } ?? false)
      || (address.unmapped.ipBytes.map { contains($0[...]) } ?? false)
  }

  func contains(_ address: ArraySlice<UInt8>) -> Bool {
    guard address.count == prefix.count else { return false }
    for (index, byte) in address.enumerated() {
      let bits = min(max(length - index * 8, 0), 8)
      if (byte ^ prefix[index]) >> UInt8(8 - bits) != 0 { return false }
    }
    return true
  }

  /// Two are equal if they contain the same addresses.
  public static func == (a: AddressRange, b: AddressRange) -> Bool { a.significant == b.significant }
  /// Consistent with `==`.
  public func hash(into hasher: inout Hasher) { hasher.combine(significant) }

  /// The length, and the bytes without what it does not cover.
  private var significant: [UInt8] {
    let masked = prefix.enumerated().map { index, byte in
      let bits = min(max(length - index * 8, 0), 8)
      return byte & ~(0xFF >> UInt8(bits))
    }
    return [UInt8(length)] + masked
  }
}

extension AddressRange: ExpressibleByStringLiteral {
  /// A block that the program names: `"10.0.0.0/8"`. Anything else traps; text from elsewhere has ``init(_:)``.
  public init(stringLiteral text: String) {
    guard let range = AddressRange(text) else {
      fatalError("\(text.debugDescription) is no block of addresses: write it as 10.0.0.0/8 or ::1")
    }
    self = range
  }
}
