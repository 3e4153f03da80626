import SwirlPlatform

extension SocketAddress {
  /// An IPv4 address with port zero, from a number in network order.
  init(ipv4 address: UInt32) { self.init(.ipv4(address), 0) }

  /// An IPv6 address with port zero, from its halves in network order. The index of an interface counts for link-local
  /// addresses alone (RFC 4007 §6).
  init(ipv6 halves: (UInt64, UInt64), scope: UInt32) {
    let isLinkLocal = UInt64(bigEndian: halves.0) >> 54 == 0x3FA
    self.init(.ipv6(high: halves.0, low: halves.1, flow: 0, scope: isLinkLocal ? scope : 0), 0)
  }

  /// The numbers of an IP address, in network order.
  enum IPParts {
    case ipv4(UInt32)
    case ipv6(high: UInt64, low: UInt64, scope: UInt32)
  }

  /// nil for a Unix socket.
  var ipParts: IPParts? {
    switch storage {
    case .ipv4(let address): .ipv4(address)
    case .ipv6(let high, let low, _, let scope): .ipv6(high: high, low: low, scope: scope)
    case .unix: nil
    }
  }

  /// Whether it stands for all addresses of this machine: 0.0.0.0 or ::.
  var isUnspecified: Bool {
    switch storage {
    case .ipv4(let address): address == 0
    case .ipv6(let high, let low, _, _): high == 0 && low == 0
    case .unix: false
    }
  }

  /// Whether it is the address of a group (RFC 5771, RFC 4291 §2.7).
  package var isMulticast: Bool {
    switch storage {
    case .ipv4(let address): UInt32(bigEndian: address) >> 28 == 0xE
    case .ipv6(let high, _, _, _): UInt64(bigEndian: high) >> 56 == 0xFF
    case .unix: false
    }
  }

  /// The form in which a socket of this family takes it: an IPv4 address is mapped for a dual-stack socket (RFC 4291
  /// §2.5.5.2).
  func adapted(to family: Family) -> SocketAddress {
    guard family == .ipv6, case .ipv4(let address) = storage else { return self }
    let low = (0xFFFF << 32 | UInt64(UInt32(bigEndian: address))).bigEndian
    return SocketAddress(.ipv6(high: 0, low: low, flow: 0, scope: 0), UInt16(port))
  }

  /// Writes the kernel's form to memory that has room for any, and returns its length.
  func write(to memory: UnsafeMutableRawPointer) -> Int {
    withSockaddr { address, length in
      memory.copyMemory(from: address, byteCount: Int(length))
      return Int(length)
    }
  }
}

extension SocketAddress.Family {
  /// The address family for `socket(2)`.
  var domain: Int32 {
    switch self {
    case .ipv4: AF_INET
    case .ipv6: AF_INET6
    case .unix: AF_UNIX
    }
  }
}
