package import SwirlPlatform

/// A socket address: an IPv4 or IPv6 address with a port, or the path of a Unix socket.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
  /// The kind of address.
  public enum Family: Sendable, Hashable {
    /// Internet Protocol version 4.
    case ipv4
    /// Internet Protocol version 6.
    case ipv6
    /// A Unix domain socket.
    case unix
  }

  /// The kind of address.
  public var family: Family {
    switch storage {
    case .ipv4: .ipv4
    case .ipv6: .ipv6
    case .unix: .unix
    }
  }
  /// The port, 0 to 65535; zero for a Unix socket.
  public var port: Int { Int(portNumber) }
  private let portNumber: UInt16
  let storage: Storage

  /// The address without the port. A value: an IP address takes no memory of its own, because there is one for each
  /// datagram.
  enum Storage: Hashable, Sendable {
    /// In network order, as in `in_addr`.
    case ipv4(UInt32)
    /// The address in network order, as in `in6_addr`, and the fields of a `sockaddr_in6` beside it.
    case ipv6(high: UInt64, low: UInt64, flow: UInt32, scope: UInt32)
    /// A `sockaddr_un`, as long as the kernel says.
    case unix([UInt8])
  }

  /// The address in `host`, which must be numeric, such as `127.0.0.1` or `::1`; ``Resolver`` resolves names. nil if it
  /// is not numeric, or if the port is not from 0 to 65535.
  public init?(ip host: String, port: Int) {
    guard let port = UInt16(exactly: port), !host.utf8.contains(0) else { return nil }
    var plain = in_addr()
    if inet_pton(AF_INET, host, &plain) == 1 {
      self.init(.ipv4(plain.s_addr), port)
      return
    }
    // Of IPv6 alone: of IPv4 it would take forms such as 127.1 and 010.0.0.1, which mean different things to different
    // programs (RFC 6943 §3.1.1).
    guard host.utf8.contains(UInt8(ascii: ":")) else { return nil }
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST
    hints.ai_socktype = Socket.streamType
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &list) == 0, let list else { return nil }
    defer { freeaddrinfo(list) }
    guard let found = SocketAddress(list.pointee.ai_addr, list.pointee.ai_addrlen) else { return nil }
    self = found.with(port: Int(port))
  }

  /// The address of a Unix socket; a leading NUL means Linux's abstract namespace. nil if `path` is empty or too long
  /// (107 bytes), or has a NUL elsewhere, at which the kernel would cut it.
  public init?(unixPath path: String) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let text = Array(path.utf8)
    guard !text.isEmpty, text.count < MemoryLayout.size(ofValue: address.sun_path), !text.dropFirst().contains(0) else {
      return nil
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: text) }
    let length = MemoryLayout.offset(of: \sockaddr_un.sun_path)! + text.count + (text[0] == 0 ? 0 : 1)
    self.init(.unix(withUnsafeBytes(of: &address) { Array($0.prefix(length)) }), 0)
  }

  /// The address that the kernel wrote to `address`; nil for a family other than these three.
  package init?(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) {
    self.init(UnsafeRawBufferPointer(start: address, count: Int(length)))
  }

  /// The address that the kernel wrote; nil for a family other than these three.
  package init?(_ raw: UnsafeRawBufferPointer) {
    let place = MemoryLayout.offset(of: \sockaddr.sa_family)!
    guard raw.count >= place + MemoryLayout<sa_family_t>.size else { return nil }
    switch Int32(raw.loadUnaligned(fromByteOffset: place, as: sa_family_t.self)) {
    case AF_INET where raw.count >= MemoryLayout<sockaddr_in>.size:
      let address = raw.loadUnaligned(as: sockaddr_in.self)
      self.init(.ipv4(address.sin_addr.s_addr), UInt16(bigEndian: address.sin_port))
    case AF_INET6 where raw.count >= MemoryLayout<sockaddr_in6>.size:
      let address = raw.loadUnaligned(as: sockaddr_in6.self)
      let halves = unsafeBitCast(address.sin6_addr, to: (UInt64, UInt64).self)
      self.init(
        .ipv6(high: halves.0, low: halves.1, flow: address.sin6_flowinfo, scope: address.sin6_scope_id),
        UInt16(bigEndian: address.sin6_port))
    case AF_UNIX: self.init(.unix(Array(raw)), 0)
    default: return nil
    }
  }

  init(_ storage: Storage, _ portNumber: UInt16) {
    self.storage = storage
    self.portNumber = portNumber
  }

  /// The address as text, without the port: `127.0.0.1`, `::1`, `fe80::1%eth0`, or the path. Computed on each access,
  /// because most addresses are never read.
  public var host: String {
    if case .unix(let bytes) = storage {
      let path = bytes.dropFirst(MemoryLayout.offset(of: \sockaddr_un.sun_path)!)
      let end = path.first == 0 ? path.endIndex : path.firstIndex(of: 0) ?? path.endIndex
      return String(decoding: path[..<end], as: UTF8.self)
    }
    var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let code = withSockaddr { getnameinfo($0, $1, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST) }
    precondition(code == 0, "getnameinfo cannot write a number: \(String(cString: gai_strerror(code)))")
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The same address with another port, 0 to 65535.
  public func with(port: Int) -> SocketAddress {
    guard let portNumber = UInt16(exactly: port) else { fatalError("\(port) is no port: ports are 0 to 65535") }
    if case .unix = storage { return self }
    return SocketAddress(storage, portNumber)
  }

  /// The bytes of an IP address, in network order: four or sixteen.
  package var ipBytes: [UInt8]? {
    switch storage {
    case .ipv4(let address): withUnsafeBytes(of: address) { Array($0) }
    case .ipv6(let high, let low, _, _): withUnsafeBytes(of: (high, low)) { Array($0) }
    case .unix: nil
    }
  }

  /// Whether it is an address of this machine's own: 127.0.0.0/8 or ::1.
  package var isLoopback: Bool {
    switch storage {
    case .ipv4(let address): UInt32(bigEndian: address) >> 24 == 127
    case .ipv6(let high, let low, _, _): high == 0 && UInt64(bigEndian: low) == 1
    case .unix: false
    }
  }

  /// The IPv4 address of an IPv4-mapped address from a dual-stack socket (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2); any
  /// other address unchanged.
  package var unmapped: SocketAddress {
    guard case .ipv6(0, let low, _, _) = storage, UInt64(bigEndian: low) >> 32 == 0xFFFF else { return self }
    return SocketAddress(.ipv4(UInt32(truncatingIfNeeded: UInt64(bigEndian: low)).bigEndian), portNumber)
  }

  /// Passes the address to `body` in the form of `connect(2)` and `bind(2)`.
  package func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    switch storage {
    case .ipv4(let address):
      var plain = sockaddr_in()
      #if !os(Linux)
      plain.sin_len = UInt8(MemoryLayout<sockaddr_in>.size)
      #endif
      plain.sin_family = sa_family_t(AF_INET)
      plain.sin_port = portNumber.bigEndian
      plain.sin_addr.s_addr = address
      return Self.pass(plain, to: body)
    case .ipv6(let high, let low, let flow, let scope):
      var plain = sockaddr_in6()
      #if !os(Linux)
      plain.sin6_len = UInt8(MemoryLayout<sockaddr_in6>.size)
      #endif
      plain.sin6_family = sa_family_t(AF_INET6)
      plain.sin6_port = portNumber.bigEndian
      plain.sin6_flowinfo = flow
      plain.sin6_scope_id = scope
      plain.sin6_addr = unsafeBitCast((high, low), to: in6_addr.self)
      return Self.pass(plain, to: body)
    case .unix(let bytes):
      return bytes.withUnsafeBytes {
        body($0.assumingMemoryBound(to: sockaddr.self).baseAddress!, socklen_t($0.count))
      }
    }
  }

  private static func pass<Address, Result>(
    _ address: Address, to body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Address>.size)) }
    }
  }

  /// The address family for `socket(2)`.
  package var domain: Int32 { family.domain }

  /// `127.0.0.1:80`, `[::1]:80` or the path.
  public var description: String {
    switch family {
    case .ipv4: "\(host):\(port)"
    case .ipv6: "[\(host)]:\(port)"
    case .unix: host.first == "\0" ? "@" + host.dropFirst() : host
    }
  }
}
