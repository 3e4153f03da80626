import SwirlDeferred
public import SwirlNet
public import SwirlReactor

/// Two transports connected through memory, for tests of protocols without sockets.
///
/// ```swift
/// let connection = MemoryConnection()
/// connection.start(client: EchoClient(), server: EchoServer())
/// connection.client.write("hello")
/// connection.pump()
/// ```
///
/// Bytes move when the test calls ``step()`` or ``pump()``, or in the turns of a reactor. Each direction has a buffer
/// like the kernel's. Bytes that do not fit stay in the transport, so that water marks and `pauseReading` work as on
/// sockets. As there, the protocol never learns of the end inside a `write` or `close`, but in the next step.
///
/// Retain the connection while you use it: the transports do not retain each other. Releasing it closes open transports
/// without calling their protocols. Twisted: `IOPump`, `StringTransport`.
public final class MemoryConnection {
  /// The connecting side.
  public let client: MemoryTransport
  /// The accepting side.
  public let server: MemoryTransport

  /// - Parameters:
  ///   - reactor: the reactor of both transports; by default a new one that never runs.
  ///   - isDrivenByReactor: whether that reactor moves the bytes, one step per turn, in place of `pump()`.
  ///   - delivery: the pieces in which bytes arrive on both sides.
  ///   - bufferSize: the size of the "kernel" buffer for each direction, in bytes.
  public init(
    reactor: Reactor = Reactor(), isDrivenByReactor: Bool = false, delivery: MemoryTransport.Delivery = .whole,
    bufferSize: Int = 64 * 1024
  ) {
    require(bufferSize > 0, "a buffer of \(bufferSize) bytes lets nothing through")
    client = MemoryTransport("client", reactor, delivery, bufferSize)
    server = MemoryTransport("server", reactor, delivery, bufferSize)
    // From the block for documentation (RFC 5737), so that they are not mistaken for real addresses.
    client.localAddress = SocketAddress(ip: "192.0.2.1", port: 49152)
    server.localAddress = SocketAddress(ip: "192.0.2.2", port: 80)
    client.peerAddress = server.localAddress
    server.peerAddress = client.localAddress
    client.peer = server
    server.peer = client
    if isDrivenByReactor {
      let driver = Driver(self, reactor)
      client.hasWork = driver.wake
      server.hasWork = driver.wake
    }
  }

  deinit {
    client.letGo()
    server.letGo()
  }

  /// Gives both sides their protocols: calls `connectionMade` of the server, then of the client.
  public func start(client: any StreamProtocol, server: any StreamProtocol) {
    self.server.start(server)
    self.client.start(client)
  }

  /// Moves one piece in each direction, and reports ends that have arrived.
  /// - Returns: whether there was work.
  @discardableResult
  public func step() -> Bool {
    let hasServerActed = server.step()
    let hasClientActed = client.step()
    return hasServerActed || hasClientActed
  }

  /// Steps until there is no work left, including work that the protocols add.
  public func pump() {
    for _ in 0..<Self.stepsAtMost where !step() { return }
    fatalError("the two protocols go on for ever: still busy after \(Self.stepsAtMost) steps")
  }

  /// More than any test needs for single bytes, and few enough to fail instead of hanging.
  private static let stepsAtMost = 10_000_000
}

@available(*, unavailable, message: "A connection belongs to the thread of its reactor")
extension MemoryConnection: Sendable {}

/// Steps a connection in the turns of a reactor, while there is work.
private final class Driver {
  private unowned let reactor: Reactor
  private weak var connection: MemoryConnection?
  private var isScheduled = false

  init(_ connection: MemoryConnection, _ reactor: Reactor) {
    self.connection = connection
    self.reactor = reactor
  }

  func wake() {
    guard !isScheduled else { return }
    isScheduled = true
    reactor.callSoon { [weak self] in self?.step() }
  }

  private func step() {
    isScheduled = false
    if connection?.step() == true { wake() }
  }
}
