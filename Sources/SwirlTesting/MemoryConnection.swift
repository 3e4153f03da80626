import SwirlDeferred
public import SwirlNet
public import SwirlReactor

/// Two transports that are connected to each other through memory, for tests of protocols without sockets.
///
/// ```swift
/// let connection = MemoryConnection()
/// connection.start(client: EchoClient(), server: EchoServer())
/// connection.client.write("hello")
/// connection.pump()
/// ```
///
/// Bytes move when the test says so, with ``step()`` or ``pump()``, or in the turns of a reactor. Each direction has a
/// buffer like the kernel's; what does not fit waits in the transport, so that water marks and `pauseReading` work as they
/// do on sockets. As there, an end is never told from inside a `write` or a `close`, but with the next step.
///
/// Keep the connection while it is used: the transports do not keep each other. What is still open when it is let go of is
/// closed without a word. Twisted: `IOPump`, `StringTransport`.
public final class MemoryConnection {
  /// The end that connects.
  public let client: MemoryTransport
  /// The end that is connected to.
  public let server: MemoryTransport

  /// - Parameters:
  ///   - reactor: the reactor of both transports. A new one, which nobody runs, by default.
  ///   - isDrivenByReactor: whether that reactor moves the bytes, a step a turn, so that nobody has to pump.
  ///   - delivery: in which pieces bytes arrive at both ends.
  ///   - bufferSize: how many bytes the "kernel" takes for each direction.
  public init(
    reactor: Reactor = Reactor(), isDrivenByReactor: Bool = false, delivery: MemoryTransport.Delivery = .whole,
    bufferSize: Int = 64 * 1024
  ) {
    require(bufferSize > 0, "a buffer of \(bufferSize) bytes lets nothing through")
    client = MemoryTransport("client", reactor, delivery, bufferSize)
    server = MemoryTransport("server", reactor, delivery, bufferSize)
    // From the block for documentation (RFC 5737), so that nobody takes them for real.
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

  /// Gives both ends their protocols: first the server's, then the client's `connectionMade` is called.
  public func start(client: any StreamProtocol, server: any StreamProtocol) {
    self.server.start(server)
    self.client.start(client)
  }

  /// Moves one piece in each direction, and tells the ends that have come.
  /// - Returns: whether anything was there to do.
  @discardableResult
  public func step() -> Bool {
    let hasServerActed = server.step()
    let hasClientActed = client.step()
    return hasServerActed || hasClientActed
  }

  /// Moves everything, in as many steps as it takes, what comes of it included.
  public func pump() {
    for _ in 0..<Self.stepsAtMost where !step() { return }
    fatalError("the two protocols go on for ever: still busy after \(Self.stepsAtMost) steps")
  }

  /// More than any test sends a byte at a time, and few enough to fail instead of hanging.
  private static let stepsAtMost = 10_000_000
}

@available(*, unavailable, message: "A connection belongs to the thread of its reactor")
extension MemoryConnection: Sendable {}

/// Steps a connection in the turns of a reactor, while there is something to do.
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
