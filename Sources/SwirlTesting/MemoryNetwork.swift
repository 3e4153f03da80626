import SwirlDeferred
public import SwirlNet
import SwirlPlatform
public import SwirlReactor
import SwirlPlatform

/// A network in memory, on a reactor whose time is virtual: clients and servers listen and connect by name, as on a
/// real one.
///
/// ```swift
/// let network = MemoryNetwork(seed: 7)
/// try HTTPServer { _ in .text("hello") }.listen(80, interface: "server.test", on: network.reactor)
/// let client = HTTPClient(on: network.reactor)
/// client.fetch("http://server.test/").addCallback { print($0.text) }
/// network.reactor.run(for: .seconds(10))
/// ```
///
/// Sockets behave as the kernel's: a buffer for each direction, EOF, resets, a queue of connections to accept. Bytes
/// take the time of their ``Link``; what varies follows from the seed, so a run that fails can be repeated. Everything
/// is on the reactor's thread. TLS works over it, too. turmoil and madsim do this for tokio.
public final class MemoryNetwork {
  /// What the way to a host is like, in both directions.
  public struct Link: Sendable {
    /// How long a segment takes.
    public var latency: Duration
    /// By how much more it may take, at random; segments of a connection keep their order.
    public var jitter: Duration
    /// The bandwidth in each direction of a connection, in bytes per second; nil for no limit.
    public var bytesPerSecond: Int?
    /// How many bytes a segment has, at random from this range.
    public var segmentSize: ClosedRange<Int>
    /// How many bytes a direction of a connection holds that were sent and not read, and a socket for datagrams that
    /// were not received.
    public var bufferSize: Int
    /// How likely a datagram is lost, 0 to 1. Connections lose nothing: they would send it again. What varies in the
    /// time of datagrams also changes their order.
    public var loss = 0.0

    /// A link of one millisecond, with segments of up to 64 KiB.
    public init(
      latency: Duration = .milliseconds(1), jitter: Duration = .zero, bytesPerSecond: Int? = nil,
      segmentSize: ClosedRange<Int> = 65536...65536, bufferSize: Int = 65536
    ) {
      require(segmentSize.lowerBound > 0 && bufferSize > 0, "a segment and a buffer have room for a byte")
      require(
        latency >= .zero && jitter >= .zero && bytesPerSecond ?? 1 > 0, "bytes do not arrive before they are sent")
      self.latency = latency
      self.jitter = jitter
      self.bytesPerSecond = bytesPerSecond
      self.segmentSize = segmentSize
      self.bufferSize = bufferSize
    }
  }

  /// The reactor of all that is on this network.
  public let reactor: Reactor
  /// The link to each host without its own link.
  public var link: Link
  private var hosts: [String: MemoryHost] = [:]
  private var hostsByAddress: [String: MemoryHost] = [:]
  var listeners: [MemorySocket] = []
  /// The open sockets for datagrams.
  var datagramSockets: [MemoryDatagrams] = []
  private var lastPort = 49151
  /// The sockets that something has happened to, until their watches are looked at.
  private var changed: [any NotedSocket] = []
  private var isPumping = false
  /// How many segments were sent.
  package internal(set) var segments = 0

  /// - Parameters:
  ///   - seed: what the reactor's random numbers follow from, and with them jitter and segments.
  ///   - link: the link to each host.
  public init(seed: UInt64 = 0, link: Link = Link()) {
    reactor = Reactor(clock: .virtual(seed: seed), backend: ManualBackend())
    self.link = link
    reactor.simulatedNetwork = ReactorsNetwork(self)
    // Weak: the reactor keeps its resolver, and that this closure.
    reactor.resolver.lookup = { [weak self] name in
      // RFC 6761 §6.3: this machine, whatever others say.
      if name == "localhost" || name.hasSuffix(".localhost") {
        return .succeed([SocketAddress(ip: "127.0.0.1", port: 0)!])
      }
      guard let host = self?.hosts[name] else {
        return .fail(NetError(.resolve, name, reason: "the network in memory has no host of that name"))
      }
      return .succeed([host.address])
    }
  }

  // MARK: - Hosts

  /// Makes the host `name` known, and gives its address; listening at a name does the same.
  @discardableResult
  public func addHost(_ name: String, link: Link? = nil) -> SocketAddress {
    let host = makeHost(name)
    if let link { host.link = link }
    return host.address
  }

  private func makeHost(_ name: String) -> MemoryHost {
    let name = name.lowercased()
    if let host = hosts[name] { return host }
    let number = hosts.count + 1
    let host = MemoryHost(SocketAddress(ip: "10.0.\(number / 250).\(number % 250 + 1)", port: 0)!)
    hosts[name] = host
    hostsByAddress[host.address.host] = host
    return host
  }

  /// Loses every segment to and from `name` until ``mend(_:)``, which sends them again, as the peers' kernels would.
  public func cut(_ name: String) { makeHost(name).isCut = true }

  /// Lets segments pass again.
  public func mend(_ name: String) {
    let host = makeHost(name)
    host.isCut = false
    let held = host.held
    host.held = []
    for deliver in held { deliver() }
  }

  /// Resets all connections to `name`, as a host does that was restarted: both ends read and write errors from then on.
  public func reset(_ name: String) {
    let host = makeHost(name)
    let sockets = host.connections.compactMap(\.socket)
    host.connections = []
    for socket in sockets { socket.breakConnection() }
  }

  func host(at address: SocketAddress) -> MemoryHost {
    if let host = hostsByAddress[address.host] { return host }
    let host = MemoryHost(address)
    hostsByAddress[address.host] = host
    return host
  }

  func address(toListenAt name: String) -> SocketAddress { makeHost(name).address }

  func nextPort() -> Int {
    lastPort = lastPort == 65535 ? 49152 : lastPort + 1
    return lastPort
  }

  /// How many sockets are connected to `port`, and how many are at it: listeners and the accepted ends.
  package func openSockets(of port: Int) -> (connected: Int, atPort: Int) {
    let sockets = hostsByAddress.values.flatMap(\.connections).compactMap(\.socket)
    return (
      sockets.count { $0.isConnected && $0.peerAddress?.port == port },
      sockets.count { $0.isOpen && $0.localAddress?.port == port }
        + listeners.count { $0.localAddress?.port == port }
    )
  }

  /// The host with this address, if it was named or connected to.
  func knownHost(at address: SocketAddress) -> MemoryHost? { hostsByAddress[address.host] }

  // MARK: - Moving

  /// Calls `deliver` when a segment of `count` bytes that is sent now has arrived; segments of a `lane` keep their
  /// order.
  func send(_ count: Int, over host: MemoryHost, _ lane: MemoryLane, _ deliver: @escaping () -> Void) {
    segments += 1
    let link = host.link ?? self.link
    let now = reactor.readClock()
    if let rate = link.bytesPerSecond, count > 0 {
      lane.busyUntil = max(now, lane.busyUntil) + Int64(count) * 1_000_000_000 / Int64(rate)
    }
    var arrival = max(now, lane.busyUntil) + link.latency.nanoseconds
    if link.jitter > .zero { arrival += Int64.random(in: 0...link.jitter.nanoseconds, using: &reactor.random) }
    lane.lastArrival = max(arrival, lane.lastArrival)
    reactor.callAt(Instant(nanoseconds: lane.lastArrival)) {
      // What was cut off waits behind what was cut off before.
      if host.isCut { host.held.append(deliver) } else { deliver() }
    }
  }

  func segmentSize(over host: MemoryHost) -> Int {
    let range = (host.link ?? link).segmentSize
    return range.count == 1 ? range.lowerBound : Int.random(in: range, using: &reactor.random)
  }

  func bufferSize(over host: MemoryHost) -> Int { (host.link ?? link).bufferSize }

  /// Looks at the watches of `socket` in the next turn.
  func noteChange(of socket: any NotedSocket) {
    if socket.isNoted { return }
    socket.isNoted = true
    changed.append(socket)
    guard !isPumping else { return }
    isPumping = true
    reactor.callSoon { [weak self] in self?.pump() }
  }

  private func pump() {
    isPumping = false
    let sockets = changed
    changed = []
    for socket in sockets { socket.isNoted = false }
    for socket in sockets { socket.fireReady() }
  }
}

/// A host of a network in memory, as seen from the others.
final class MemoryHost {
  let address: SocketAddress
  var link: MemoryNetwork.Link?
  var isCut = false
  /// The segments that arrived while it was cut off.
  var held: [() -> Void] = []
  /// The sockets of connections to it, those at both ends.
  var connections: [WeakSocket] = []

  init(_ address: SocketAddress) { self.address = address.with(port: 0) }

  /// The count at which closed sockets are removed. Looked for at every connection, they would cost its square.
  private var sweep = 64

  func add(_ socket: MemorySocket) {
    if connections.count >= sweep {
      connections.removeAll { $0.socket?.isClosed != false }
      sweep = max(64, 2 * connections.count)
    }
    connections.append(WeakSocket(socket: socket))
  }
}

struct WeakSocket {
  weak var socket: MemorySocket?
}

/// One direction of a connection: when its segments may arrive.
final class MemoryLane {
  var busyUntil: Int64 = 0
  var lastArrival: Int64 = 0
}

/// What the reactor keeps of a network: not the network itself, which keeps the reactor.
private final class ReactorsNetwork: SimulatedNetwork {
  private weak var network: MemoryNetwork?

  init(_ network: MemoryNetwork) { self.network = network }

  func address(toListenAt name: String) -> SocketAddress? { network?.address(toListenAt: name) }

  func connect(to address: SocketAddress) throws(NetError) -> any SimulatedSocket {
    guard let network else { throw NetError(.connect, address, errno: ENETDOWN) }
    return MemorySocket(connectingTo: address, on: network)
  }

  func listen(at address: SocketAddress, backlog: Int) throws(NetError) -> any SimulatedSocket {
    guard let network else { throw NetError(.listen, address, errno: ENETDOWN) }
    var address = address
    if address.port == 0, address.family != .unix { address = address.with(port: network.nextPort()) }
    if network.listeners.contains(where: { $0.localAddress == address }) {
      throw NetError(.listen, address, errno: EADDRINUSE)
    }
    let socket = MemorySocket(listeningAt: address, backlog: backlog, on: network)
    network.listeners.append(socket)
    return socket
  }

  func datagramChannel(
    at address: SocketAddress?, to peer: SocketAddress?, _ options: DatagramOptions
  ) throws(NetError) -> any DatagramChannel {
    guard let network else { throw NetError(.listen, address ?? peer!, errno: ENETDOWN) }
    return try MemoryDatagrams(at: address, to: peer, options, on: network)
  }
}

/// A socket whose watches the network looks at when something has happened to it.
protocol NotedSocket: AnyObject {
  /// Whether the network will look at its watches in its next turn.
  var isNoted: Bool { get set }
  func fireReady()
}

@available(*, unavailable, message: "A network belongs to the thread of its reactor")
extension MemoryNetwork: Sendable {}
