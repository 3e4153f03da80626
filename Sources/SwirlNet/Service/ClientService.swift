public import SwirlDeferred
import SwirlPlatform
public import SwirlReactor

/// Keeps a client connected: connects, and connects again when the connection is lost, with pauses that grow, until it
/// is stopped.
///
/// ```swift
/// let service = ClientService("127.0.0.1", 6379) { RedisProtocol() }
/// service.start()
/// service.whenConnected().addCallback { redis in redis.send("PING") }
/// ```
///
/// A connection counts once its protocol was made, and ``prepare`` has succeeded. The pauses are random fractions of a
/// time that doubles, so that the clients of a server that was restarted do not come back together; the count begins
/// anew after a connection that lasted for ``steadyTime``, so that a server that accepts and closes does not make it
/// connect without a pause.
///
/// From ``start()`` to ``stop()`` the reactor retains it. Use it on the reactor's thread; all its callbacks run there.
/// Twisted: `ClientService`, `ReconnectingClientFactory`.
public final class ClientService<Client: StreamProtocol>: ReactorHandle {
  /// Where it is between two connections.
  public enum State: Sendable {
    /// It was not started, or was stopped.
    case stopped
    /// A connection is being made. The number counts from one, and begins anew after a connection that lasted.
    case connecting(attempt: Int)
    /// There is a connection.
    case connected
    /// The last attempt or connection has ended with the error. The next attempt follows after the pause.
    case waiting(Duration, after: any Error)
    /// It has given up after the attempts of its backoff, with the last error.
    case failed(any Error)
  }

  /// The present state; see ``onStateChange``.
  public private(set) var state = State.stopped {
    didSet { onStateChange?(state) }
  }

  /// The protocol of the present connection; nil without a connection.
  public private(set) var client: Client?

  /// Called with each new state.
  public var onStateChange: ((State) -> Void)?

  /// Prepares a new connection, such as by a login, before it counts. If its Deferred fails, the connection is closed,
  /// and that counts as an attempt that failed. Twisted: `prepareConnection`.
  public var prepare: ((Client) throws -> Deferred<Void>)?

  /// How long a connection must have lasted for the pauses to begin anew; 10 seconds by default.
  public var steadyTime = Duration.seconds(10)

  /// The pauses between attempts, and their number.
  public let backoff: Backoff
  private let connect: () -> Deferred<any ConnectedTransport>
  private let makeProtocol: () -> Client
  private let name: String
  private let site: CallSite
  package unowned let reactor: Reactor

  private var transport: (any ConnectedTransport)?
  /// The connect, or the preparation, that is under way.
  private var attempt: AnyDeferred?
  private var pause: DelayedCall?
  /// Why a connection that was not prepared is being closed.
  private var preparationError: (any Error)?
  private var failures = 0
  private var connectedAt = Instant(nanoseconds: 0)
  private var waiters: [ClientWaiter<Client>] = []
  /// The number of connections that `stop()` has closed, until they have ended, and its Deferreds.
  private var closing = 0
  private var stops: [Deferred<Void>] = []
  package var handleIndex: Int?
  package var handleKind: OpenHandle.Kind { .clientService }
  package var handlePeer: String? { name }
  package var begunWork: (count: Int, name: String)? { (1, "client service") }

  /// - Parameters:
  ///   - name: the peer, for messages.
  ///   - connect: makes an attempt.
  package init(
    named name: String, backoff: Backoff, on reactor: Reactor, at site: CallSite,
    connect: @escaping () -> Deferred<any ConnectedTransport>, _ makeProtocol: @escaping () -> Client
  ) {
    self.name = name
    self.backoff = backoff
    self.reactor = reactor
    self.site = site
    self.connect = connect
    self.makeProtocol = makeProtocol
  }

  /// A service for a TCP connection to `host`, a name or an address.
  ///
  /// - Parameters:
  ///   - host: a name, or an IP address.
  ///   - port: the port.
  ///   - backoff: the pauses between attempts. By default they grow to a minute, and it never gives up.
  ///   - timeout: the time limit of an attempt.
  ///   - options: the options of the socket.
  ///   - reactor: the reactor; nil is the current one.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeProtocol: makes the protocol of each connection.
  public convenience init(
    _ host: String, _ port: Int, backoff: Backoff = .endless, timeout: Duration = .seconds(30),
    options: SocketOptions = SocketOptions(), on reactor: Reactor? = nil, file: StaticString = #fileID,
    line: UInt = #line, _ makeProtocol: @escaping () -> Client
  ) {
    let reactor = reactor ?? .current
    let site = CallSite(file: file, line: line)
    self.init(
      named: "\(host):\(port)", backoff: backoff, on: reactor, at: site,
      connect: { [unowned reactor] in
        reactor.connectTCP(host: host, port: port, timeout: timeout, options: options, at: site)
      }, makeProtocol)
  }

  // MARK: - Starting and stopping

  /// Begins to connect. Does nothing if it was started already; after ``stop()``, and after it has given up, it begins
  /// again. Twisted: `startService`.
  public func start() {
    switch state {
    case .connecting, .connected, .waiting: return
    case .stopped, .failed: break
    }
    failures = 0
    reactor.insertHandle(self, at: site)
    begin()
  }

  /// Ends the connection, the attempt or the pause: it connects no more. The waiters of ``whenConnected(failAfter:)``
  /// fail with a `CancelledError`. The Deferred fires when the connection has ended, once all bytes are sent, at once
  /// without one. Twisted: `stopService`.
  @discardableResult
  public func stop() -> Deferred<Void> {
    state = .stopped
    pause.take()?.cancel()
    attempt.take()?.cancel()
    reactor.handles.remove(self)
    settleWaiters { $0.errback(CancelledError()) }
    client = nil
    if let transport = transport.take() {
      closing += 1
      transport.onEnd = { [weak self] _ in self?.closed() }
      transport.close()
    }
    if closing == 0 { return .succeed(()) }
    let stop = Deferred<Void>()
    stops.append(stop)
    return stop
  }

  /// A connection that `stop()` has closed has ended.
  private func closed() {
    closing -= 1
    if closing > 0 { return }
    let stopped = stops
    stops = []
    for stop in stopped where !stop.isFired { stop.callback(()) }
  }

  package func abandon() {
    pause = nil
    attempt = nil
    transport?.onEnd = nil
    transport = nil
    client = nil
    waiters = []
    stops = []
    // They may retain this.
    onStateChange = nil
    prepare = nil
  }

  // MARK: - Connecting

  private func begin() {
    state = .connecting(attempt: failures + 1)
    // The callback may have stopped it.
    guard case .connecting = state else { return }
    let attempt = connect()
    self.attempt = attempt
    attempt.addBoth { [weak self] result in
      guard let self, self.attempt === attempt else { return }
      self.attempt = nil
      switch result {
      case .success(let transport): opened(transport)
      case .failure(let error): failed(error)
      }
    }
  }

  private func opened(_ transport: any ConnectedTransport) {
    let client = makeProtocol()
    self.transport = transport
    transport.onEnd = { [weak self] in self?.ended($0) }
    transport.start(client)
    // The protocol may have ended it.
    guard self.transport === transport else { return }
    guard let prepare else { return connected(client) }
    let preparation = maybeDeferred { try prepare(client) }
    attempt = preparation
    preparation.addBoth { [weak self] result in
      guard let self, attempt === preparation else { return }
      attempt = nil
      switch result {
      case .success: connected(client)
      case .failure(let error):
        preparationError = error
        transport.close()
      }
    }
  }

  private func connected(_ client: Client) {
    self.client = client
    connectedAt = reactor.now
    state = .connected
    settleWaiters { $0.callback(client) }
  }

  private func ended(_ end: ConnectionEnd) {
    transport = nil
    let wasConnected = client != nil
    client = nil
    attempt.take()?.cancel()
    if wasConnected, reactor.now - connectedAt >= steadyTime { failures = 0 }
    failed(preparationError.take() ?? end.error ?? NetError(.read, name, reason: "the connection has ended: \(end)"))
  }

  private func failed(_ error: any Error) {
    failures += 1
    for waiter in waiters { waiter.failures += 1 }
    settleWaiters(where: { $0.failures >= $0.limit }) { $0.errback(error) }
    // A waiter may have stopped it.
    if case .stopped = state { return }
    guard failures < backoff.attempts else {
      state = .failed(error)
      reactor.handles.remove(self)
      return settleWaiters { $0.errback(error) }
    }
    let delay = backoff.delay(after: failures)
    pause = reactor.callLater(delay) { [weak self] in
      guard let self else { return }
      pause = nil
      begin()
    }
    state = .waiting(delay, after: error)
  }

  // MARK: - Waiting

  /// Fires with the protocol of the connection: at once if there is one, otherwise when there is one.
  ///
  /// Fails with the last error after `failures` attempts that failed from now on, and when the service gives up; with a
  /// `CancelledError` if it is stopped. It may be called before ``start()``. Twisted:
  /// `whenConnected(failAfterFailures)`.
  public func whenConnected(failAfter failures: Int = .max) -> Deferred<Client> {
    if let client { return .succeed(client) }
    if case .failed(let error) = state { return .fail(error) }
    let connection = Deferred<Client>(canceller: { [weak self] connection in
      self?.waiters.removeAll { $0.connection === connection }
    })
    waiters.append(ClientWaiter(connection, limit: failures))
    return connection
  }

  private func settleWaiters(
    where mayBeSettled: (ClientWaiter<Client>) -> Bool = { _ in true }, _ settle: (Deferred<Client>) -> Void
  ) {
    let settled = waiters.filter(mayBeSettled)
    waiters.removeAll(where: mayBeSettled)
    for waiter in settled where !waiter.connection.isFired { settle(waiter.connection) }
  }
}

/// Someone waits for a connection, for some attempts.
private final class ClientWaiter<Client> {
  let connection: Deferred<Client>
  let limit: Int
  var failures = 0

  init(_ connection: Deferred<Client>, limit: Int) {
    self.connection = connection
    self.limit = limit
  }
}

extension Backoff {
  /// For what is tried until it succeeds: pauses of up to a minute.
  public static let endless = Backoff(attempts: .max, firstDelay: .seconds(1), maximumDelay: .seconds(60))
}
