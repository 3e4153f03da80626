import SwirlPlatform

/// The options of a datagram socket.
///
/// ```swift
/// var options = DatagramOptions()
/// options.reusesAddress = true
/// let socket = try reactor.listenUDP(1900, interface: "", options: options) { datagram, socket in … }
/// try socket.join("239.255.255.250")
/// ```
///
/// They are set before the socket is bound. What is nil or false stays as the system has it. An option that the system
/// refuses is a ``NetError`` that names it. A network in memory heeds the limits alone.
public struct DatagramOptions: Sendable, Hashable {
  /// The longest datagram that is received, 1 to 65,535 bytes. A longer one is lost and reported as an error, never
  /// cut. By default no datagram is too long. Twisted: `maxPacketSize`.
  public var maximumSize = 65_535
  /// How many bytes of datagrams wait here while the kernel's send buffer is full, with 64 for each datagram; those
  /// above are dropped, and counted: see ``DatagramSocket/Counts``.
  public var maximumQueuedBytes = 1024 * 1024
  /// The size of the kernel's receive buffer in bytes (SO_RCVBUF): datagrams above are dropped. The kernel limits it
  /// (`net.core.rmem_max`).
  public var receiveBufferSize: Int?
  /// The size of the kernel's send buffer in bytes (SO_SNDBUF).
  public var sendBufferSize: Int?
  /// Whether datagrams may be sent to broadcast addresses (SO_BROADCAST). asyncio: `allow_broadcast`.
  public var allowsBroadcast = false
  /// Whether several sockets of this user may have the same port (SO_REUSEPORT). Linux distributes the senders among
  /// them. asyncio: `reuse_port`.
  public var reusesPort = false
  /// Whether several programs may have the same port, of which each gets the datagrams to groups (SO_REUSEADDR); of
  /// others only one gets each. Twisted: `listenMultiple`.
  public var reusesAddress = false
  /// The lifetime of datagrams in hops, 1 to 255 (IP_TTL, IPV6_UNICAST_HOPS).
  public var hopLimit: Int?
  /// The lifetime of datagrams to groups in hops, 0 to 255; the system's default is 1, this network (IP_MULTICAST_TTL,
  /// IPV6_MULTICAST_HOPS). Twisted: `setTTL`.
  public var multicastHopLimit: Int?
  /// Whether members of a group on this machine get what is sent from here; the system's default is true
  /// (IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP). Twisted: `setLoopbackMode`.
  public var multicastLoopback: Bool?
  /// The name of the interface, such as `eth0`, by which datagrams to groups are sent (IP_MULTICAST_IF). Twisted:
  /// `setOutgoingInterface`.
  public var multicastInterface: String?
  /// Whether the system may join datagrams of a sender, and take several to a peer in one call (UDP_GRO, UDP_SEGMENT;
  /// Linux 5.0). Programs see the same datagrams, for less time. True by default.
  public var usesSegmentationOffload = true
  /// Whether a socket on `"::"` takes IPv6 alone (IPV6_V6ONLY).
  public var isIPv6Only = true

  /// The system's defaults.
  public init() {}
}

extension DatagramOptions {
  /// Checks the limits, which are not the system's.
  func check() throws(SocketOptionError) {
    guard (1...65_535).contains(maximumSize) else {
      throw SocketOptionError(errno: EINVAL, reason: "maximumSize is 1 to 65535 bytes, not \(maximumSize)")
    }
    guard maximumQueuedBytes >= 0 else {
      throw SocketOptionError(errno: EINVAL, reason: "maximumQueuedBytes is zero or more, not \(maximumQueuedBytes)")
    }
  }

  /// Sets them on a new socket.
  func apply(_ descriptor: Int32, _ family: SocketAddress.Family) throws(SocketOptionError) {
    try check()
    if let receiveBufferSize {
      try SocketOptions.set(
        descriptor, SOL_SOCKET, SO_RCVBUF, SocketOptions.size(receiveBufferSize, "receiveBufferSize"),
        "receiveBufferSize")
    }
    if let sendBufferSize {
      try SocketOptions.set(
        descriptor, SOL_SOCKET, SO_SNDBUF, SocketOptions.size(sendBufferSize, "sendBufferSize"), "sendBufferSize")
    }
    guard family != .unix else { return }
    if allowsBroadcast { try SocketOptions.set(descriptor, SOL_SOCKET, SO_BROADCAST, 1, "allowsBroadcast") }
    if reusesAddress { try SocketOptions.set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1, "reusesAddress") }
    if reusesPort { try SocketOptions.set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1, "reusesPort") }
    let isIPv6 = family == .ipv6
    let level = Int32(isIPv6 ? IPPROTO_IPV6 : IPPROTO_IP)
    if isIPv6 { try SocketOptions.set(descriptor, level, IPV6_V6ONLY, isIPv6Only ? 1 : 0, "isIPv6Only") }
    if let hopLimit {
      let value = try byte(hopLimit, 1, "hopLimit")
      try SocketOptions.set(descriptor, level, isIPv6 ? IPV6_UNICAST_HOPS : IP_TTL, value, "hopLimit")
    }
    if let multicastHopLimit {
      let value = try byte(multicastHopLimit, 0, "multicastHopLimit")
      let option = isIPv6 ? IPV6_MULTICAST_HOPS : IP_MULTICAST_TTL
      try SocketOptions.set(descriptor, level, option, value, "multicastHopLimit")
    }
    if let multicastLoopback {
      let option = isIPv6 ? IPV6_MULTICAST_LOOP : IP_MULTICAST_LOOP
      try SocketOptions.set(descriptor, level, option, multicastLoopback ? 1 : 0, "multicastLoopback")
    }
    if let multicastInterface {
      let index = try DatagramGroup.index(of: multicastInterface)
      if isIPv6 {
        try SocketOptions.set(descriptor, level, IPV6_MULTICAST_IF, Int32(index), "multicastInterface")
      } else {
        // struct ip_mreqn: group, local address, index.
        var request = (UInt32(0), UInt32(0), index)
        let size = socklen_t(MemoryLayout.size(ofValue: request))
        if setsockopt(descriptor, level, IP_MULTICAST_IF, &request, size) != 0 {
          throw SocketOptionError(refused: "multicastInterface")
        }
      }
    }
  }

  private func byte(_ value: Int, _ minimum: Int, _ name: String) throws(SocketOptionError) -> Int32 {
    guard (minimum...255).contains(value) else {
      throw SocketOptionError(errno: EINVAL, reason: "\(name) is \(minimum) to 255, not \(value)")
    }
    return Int32(value)
  }
}
