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
  public let family: Family
  /// The port, 0 to 65535; zero for a Unix socket.
  public var port: Int { Int(portNumber) }
  private let portNumber: UInt16
  /// The kernel's form of the address: a `sockaddr_in`, `sockaddr_in6` or `sockaddr_un`.
  private let bytes: [UInt8]

  /// The address in `host`, which must be numeric, such as `127.0.0.1` or `::1`; ``Resolver`` resolves names. nil if it
  /// is not numeric, or if the port is not from 0 to 65535.
  public init?(ip host: String, port: Int) {
    guard let port = UInt16(exactly: port) else { return nil }
    var plain = sockaddr_in()
    plain.sin_family = sa_family_t(AF_INET)
    if inet_pton(AF_INET, host, &plain.sin_addr) == 1, !host.utf8.contains(0) {
      plain.sin_port = port.bigEndian
      family = .ipv4
      portNumber = port
      bytes = withUnsafeBytes(of: &plain) { Array($0) }
      return
    }
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST
    hints.ai_socktype = Socket.streamType
    var list: UnsafeMutablePointer<addrinfo>?
    guard !host.utf8.contains(0), getaddrinfo(host, nil, &hints, &list) == 0, let list else { return nil }
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
    family = .unix
    portNumber = 0
    bytes = withUnsafeBytes(of: &address) { Array($0.prefix(length)) }
  }

  /// The address that the kernel wrote to `address`; nil for a family other than these three.
  package init?(_ address: UnsafePointer<sockaddr>, _ length: socklen_t) {
    let raw = UnsafeRawBufferPointer(start: address, count: Int(length))
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
      family = .ipv4
      portNumber = UInt16(bigEndian: raw.loadUnaligned(as: sockaddr_in.self).sin_port)
    case AF_INET6:
      family = .ipv6
      portNumber = UInt16(bigEndian: raw.loadUnaligned(as: sockaddr_in6.self).sin6_port)
    case AF_UNIX:
      family = .unix
      portNumber = 0
    default: return nil
    }
    bytes = Array(raw)
  }

  private init(family: Family, portNumber: UInt16, bytes: [UInt8]) {
    self.family = family
    self.portNumber = portNumber
    self.bytes = bytes
  }

  /// The address as text, without the port: `127.0.0.1`, `::1`, `fe80::1%eth0`, or the path. Computed on each access,
  /// because most addresses are never read.
  public var host: String {
    if family == .unix {
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
    guard family != .unix else { return self }
    var bytes = bytes
    // sin_port and sin6_port have the same offset.
    withUnsafeBytes(of: portNumber.bigEndian) { big in
      let offset = MemoryLayout.offset(of: \sockaddr_in.sin_port)!
      bytes[offset] = big[0]
      bytes[offset + 1] = big[1]
    }
    return SocketAddress(family: family, portNumber: portNumber, bytes: bytes)
  }

  /// The bytes of an IP address, in network order: four or sixteen.
  package var ipBytes: [UInt8]? {
    switch family {
    case .ipv4: Array(bytes[MemoryLayout<sockaddr_in>.offset(of: \.sin_addr)!...].prefix(4))
    case .ipv6: Array(bytes[MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr)!...].prefix(16))
    case .unix: nil
    }
  }

  /// Whether it is an address of this machine's own: 127.0.0.0/8 or ::1.
  package var isLoopback: Bool {
    switch family {
    case .ipv4: bytes[MemoryLayout.offset(of: \sockaddr_in.sin_addr)!] == 127
    case .ipv6:
      bytes.dropFirst(MemoryLayout.offset(of: \sockaddr_in6.sin6_addr)!).prefix(16).elementsEqual(Self.ipv6Loopback)
    case .unix: false
    }
  }
  private static let ipv6Loopback = [UInt8](repeating: 0, count: 15) + [1]

  /// The IPv4 address of an IPv4-mapped address from a dual-stack socket (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2); any
  /// other address unchanged.
  package var unmapped: SocketAddress {
    guard family == .ipv6, host.hasPrefix("::ffff:") else { return self }
    return SocketAddress(ip: String(host.dropFirst(7)), port: port) ?? self
  }

  /// Passes the address to `body` in the form of `connect(2)` and `bind(2)`.
  package func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    bytes.withUnsafeBytes { body($0.assumingMemoryBound(to: sockaddr.self).baseAddress!, socklen_t($0.count)) }
  }

  /// The address family for `socket(2)`.
  package var domain: Int32 {
    switch family {
    case .ipv4: AF_INET
    case .ipv6: AF_INET6
    case .unix: AF_UNIX
    }
  }

  /// Whether two addresses are equal.
  public static func == (a: SocketAddress, b: SocketAddress) -> Bool { a.bytes == b.bytes }

  /// Hashes what `==` compares.
  public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

  /// `127.0.0.1:80`, `[::1]:80` or the path.
  public var description: String {
    switch family {
    case .ipv4: "\(host):\(port)"
    case .ipv6: "[\(host)]:\(port)"
    case .unix: host.first == "\0" ? "@" + host.dropFirst() : host
    }
  }
}
