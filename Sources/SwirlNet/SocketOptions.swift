import SwirlDeferred
import SwirlPlatform

/// The options of TCP sockets: of a listener, whose accepted connections inherit them, or of a connection that is made.
///
/// ```swift
/// var options = SocketOptions()
/// options.keepAlive = .init(idle: .seconds(60))
/// options.userTimeout = .seconds(30)
/// let listener = try reactor.listenTCP(8080, options: options) { _ in Echo() }
/// ```
///
/// They are set before the socket listens or connects. An option that the system refuses is a ``NetError`` that names
/// it. What is nil or false stays as the system has it. A network in memory ignores them. Twisted:
/// `setTcpKeepAlive`; asyncio: `sock.setsockopt`; systemd: `KeepAlive=`, `FreeBind=`, `ReusePort=`.
public struct SocketOptions: Sendable, Hashable {
  /// Probes on an idle connection, so that a peer that vanished without a word ends it (RFC 9293 §3.8.4).
  public struct KeepAlive: Sendable, Hashable {
    /// How long a connection is idle before the first probe; whole seconds, rounded up, of 1 to 32,767.
    public var idle: Duration
    /// The time between two probes; whole seconds, rounded up, of 1 to 32,767.
    public var interval: Duration
    /// The number of unanswered probes that end the connection, 1 to 127.
    public var count: Int

    /// - Parameters:
    ///   - idle: how long a connection is idle before the first probe.
    ///   - interval: the time between two probes.
    ///   - count: the number of unanswered probes that end the connection.
    public init(idle: Duration = .seconds(60), interval: Duration = .seconds(10), count: Int = 6) {
      self.idle = idle
      self.interval = interval
      self.count = count
    }
  }

  /// Probes on idle connections (SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT).
  public var keepAlive: KeepAlive?
  /// The size of the kernel's send buffer in bytes (SO_SNDBUF). The kernel limits it (`net.core.wmem_max`), and no
  /// longer adapts it to the connection.
  public var sendBufferSize: Int?
  /// The size of the kernel's receive buffer in bytes (SO_RCVBUF), and so the largest window that is offered. The
  /// kernel limits it (`net.core.rmem_max`), and no longer adapts it to the connection.
  public var receiveBufferSize: Int?
  /// How long sent data may stay unacknowledged before the connection ends with ETIMEDOUT (TCP_USER_TIMEOUT, RFC 5482);
  /// keepalive alone does not probe while data is in flight. Linux.
  public var userTimeout: Duration?
  /// The address to connect from, with port zero for any port; of connections only. A peer of the other family cannot
  /// be connected to. asyncio: `local_addr`; curl: `--interface`.
  public var sourceAddress: SocketAddress?
  /// Whether several listeners of this user may have the same port, each with its own queue (SO_REUSEPORT). Linux
  /// distributes the connections among them. Every one of them must say so. asyncio: `reuse_port`.
  public var reusesPort = false
  /// Whether an address may be bound that this machine does not have yet (IP_FREEBIND). Linux.
  public var freeBind = false
  /// Whether a listener on an IPv6 address takes IPv6 alone (IPV6_V6ONLY); nil is true for `"::"` and false for `""`.
  public var isIPv6Only: Bool?
  /// Of several listeners that share a port the first, which nothing may have before it.
  package var isFirstOnPort = false

  /// The system's defaults.
  public init() {}
}

/// A value of an option that no socket can have, or that the system has refused.
package struct SocketOptionError: Error {
  package let errno: Int32
  /// nil for the words of `errno`.
  package let reason: String?

  package init(errno: Int32, reason: String?) {
    self.errno = errno
    self.reason = reason
  }

  /// The system has refused an option, with the reason in `errno`.
  init(refused name: String) {
    let words = String(cString: strerror(SwirlPlatform.errno)).lowercased()
    self.init(errno: SwirlPlatform.errno, reason: "the system refuses the option \(name): \(words)")
  }
}

extension SocketOptions {
  /// Sets them on a new socket of a listener.
  func applyToListener(_ descriptor: Int32, _ family: SocketAddress.Family, isDualStack: Bool) throws(SocketOptionError)
  {
    try applyToBoth(descriptor)
    // Without it, the port of a server that has just ended stays in use for minutes.
    Socket.set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
    if reusesPort { try Self.set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1, "reusesPort") }
    if family == .ipv6 {
      let isAlone = isIPv6Only ?? !isDualStack
      Socket.set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, isAlone ? 1 : 0)
    }
    // Accepted sockets inherit it.
    Socket.setNoDelay(descriptor)
  }

  /// Sets them on a socket that is about to connect to `peer`, and binds it to its source address.
  func applyToConnection(_ descriptor: Int32, to peer: SocketAddress) throws(SocketOptionError) {
    Socket.setNoDelay(descriptor)
    try applyToBoth(descriptor)
    guard let sourceAddress else { return }
    guard sourceAddress.family == peer.family else {
      throw SocketOptionError(
        errno: EAFNOSUPPORT, reason: "the source address \(sourceAddress.host) is of another family than the peer's")
    }
    #if os(Linux)
    // The port is chosen when it connects: as many connections to different peers share one.
    if sourceAddress.port == 0 { Socket.set(descriptor, Int32(IPPROTO_IP), Self.bindAddressNoPort, 1) }
    #endif
    if Socket.bind(descriptor, to: sourceAddress) != 0 {
      let words = String(cString: strerror(errno)).lowercased()
      throw SocketOptionError(errno: errno, reason: "the source address \(sourceAddress) cannot be bound: \(words)")
    }
  }

  /// IP_BIND_ADDRESS_NO_PORT, which older headers do not have.
  private static let bindAddressNoPort: Int32 = 24

  private func applyToBoth(_ descriptor: Int32) throws(SocketOptionError) {
    if let keepAlive { try apply(keepAlive, to: descriptor) }
    if let sendBufferSize {
      try Self.set(descriptor, SOL_SOCKET, SO_SNDBUF, Self.size(sendBufferSize, "sendBufferSize"), "sendBufferSize")
    }
    if let receiveBufferSize {
      let size = try Self.size(receiveBufferSize, "receiveBufferSize")
      try Self.set(descriptor, SOL_SOCKET, SO_RCVBUF, size, "receiveBufferSize")
    }
    if let userTimeout {
      #if os(Linux)
      let milliseconds = Int32(clamping: (userTimeout.nanoseconds + 999_999) / 1_000_000)
      guard milliseconds > 0 else {
        throw SocketOptionError(errno: EINVAL, reason: "userTimeout is longer than zero, not \(userTimeout)")
      }
      try Self.set(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, milliseconds, "userTimeout")
      #else
      throw SocketOptionError(errno: ENOPROTOOPT, reason: "userTimeout is an option of Linux")
      #endif
    }
    if freeBind {
      #if os(Linux)
      try Self.set(descriptor, Int32(IPPROTO_IP), IP_FREEBIND, 1, "freeBind")
      #else
      throw SocketOptionError(errno: ENOPROTOOPT, reason: "freeBind is an option of Linux")
      #endif
    }
  }

  private func apply(_ keepAlive: KeepAlive, to descriptor: Int32) throws(SocketOptionError) {
    #if os(Linux)
    let idleOption = TCP_KEEPIDLE
    #else
    let idleOption = TCP_KEEPALIVE
    #endif
    let tcp = Int32(IPPROTO_TCP)
    try Self.set(descriptor, tcp, idleOption, seconds(keepAlive.idle, "idle"), "keepAlive.idle")
    try Self.set(descriptor, tcp, TCP_KEEPINTVL, seconds(keepAlive.interval, "interval"), "keepAlive.interval")
    guard (1...127).contains(keepAlive.count) else {
      throw SocketOptionError(errno: EINVAL, reason: "keepAlive.count is 1 to 127, not \(keepAlive.count)")
    }
    try Self.set(descriptor, tcp, TCP_KEEPCNT, Int32(keepAlive.count), "keepAlive.count")
    try Self.set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1, "keepAlive")
  }

  private func seconds(_ duration: Duration, _ name: String) throws(SocketOptionError) -> Int32 {
    let (whole, rest) = duration.components
    let seconds = rest > 0 ? whole + 1 : whole
    guard (1...32_767).contains(seconds) else {
      throw SocketOptionError(errno: EINVAL, reason: "keepAlive.\(name) is 1 to 32767 seconds, not \(duration)")
    }
    return Int32(seconds)
  }

  static func size(_ bytes: Int, _ name: String) throws(SocketOptionError) -> Int32 {
    guard bytes > 0, let size = Int32(exactly: bytes) else {
      throw SocketOptionError(errno: EINVAL, reason: "\(name) is a positive number of bytes below 2 GiB, not \(bytes)")
    }
    return size
  }

  static func set(
    _ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32, _ name: String
  ) throws(SocketOptionError) {
    if Socket.set(descriptor, level, option, value) != 0 { throw SocketOptionError(refused: name) }
  }
}
