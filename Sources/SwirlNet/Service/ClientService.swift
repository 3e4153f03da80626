public import SwirlDeferred
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
  /// Counts calls of `start` and `stop`: a callback may have called one of them.
  private var turn = 0
  private var connectedAt = Instant(nanoseconds: 0)
  var waiters: [ClientWaiter<Client>] = []
  /// The connections that `stop()` has closed, until they have ended, and its Deferreds.
  private var closing: [ClosingTransport] = []
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
    turn += 1
    reactor.insertHandle(self, at: site)
    begin()
  }

  /// Ends the connection, the attempt or the pause: it connects no more. The waiters of ``whenConnected(failAfter:)``
  /// fail with a `CancelledError`. The Deferred fires when the connection has ended, once all bytes are sent, at once
  /// without one. Twisted: `stopService`.
  @discardableResult
  public func stop() -> Deferred<Void> {
    turn += 1
    pause.take()?.cancel()
    client = nil
    preparationError = nil
    let (attempt, transport) = (attempt.take(), transport.take())
    let waiting = takeWaiters { _ in true }
    reactor.handles.remove(self)
    let stop = Deferred<Void>()
    if let transport {
      closing.append(ClosingTransport(transport: transport))
      // It retains this: the program may have released it.
      transport.onEnd = { [self, unowned transport] _ in closed(transport) }
      transport.close()
    }
    if closing.isEmpty { stop.callback(()) } else { stops.append(stop) }
    // From here callbacks may start it again.
    if case .stopped = state {} else { state = .stopped }
    attempt?.cancel()
    for waiter in waiting where !waiter.isFired { waiter.errback(CancelledError()) }
    return stop
  }

  /// Like `stop()`, at once: connections that have not sent all bytes lose them.
  package func abort() {
    stop()
    for closing in closing { closing.transport?.abort() }
  }

  /// A connection that `stop()` has closed has ended.
  private func closed(_ transport: any ConnectedTransport) {
    closing.removeAll { $0.transport == nil || $0.transport === transport }
    guard closing.isEmpty else { return }
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
    closing = []
    stops = []
    // They may retain this.
    onStateChange = nil
    prepare = nil
  }

  // MARK: - Connecting

  private func begin() {
    let begun = turn
    state = .connecting(attempt: failures + 1)
    guard turn == begun else { return }
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
    let begun = turn
    let client = makeProtocol()
    guard turn == begun else { return }
    self.transport = transport
    transport.onEnd = { [weak self] in self?.ended($0) }
    transport.start(client)
    // The protocol may have stopped this.
    guard self.transport === transport else { return }
    guard let prepare else { return connected(client) }
    let preparation = maybeDeferred { try prepare(client) }
    guard self.transport === transport else {
      preparation.addErrback { _ in }
      return preparation.cancel()
    }
    attempt = preparation
    preparation.addBoth { [weak self] result in
      guard let self, attempt === preparation else { return }
      attempt = nil
      switch result {
      case .success: connected(client)
      case .failure(let error):
        preparationError = error
        transport.close(within: Self.closingLimit)
      }
    }
  }

  /// How long a connection that could not be prepared may take to send its last bytes.
  private static var closingLimit: Duration { .seconds(5) }

  private func connected(_ client: Client) {
    self.client = client
    connectedAt = reactor.now
    state = .connected
    // A callback may stop it: then the others fail.
    while self.client === client, let waiter = waiters.first {
      waiters.removeFirst()
      if !waiter.connection.isFired { waiter.connection.callback(client) }
    }
  }

  private func ended(_ end: ConnectionEnd) {
    let begun = turn
    let reason = preparationError.take() ?? end.error
    transport = nil
    let wasConnected = client != nil
    client = nil
    attempt.take()?.cancel()
    guard turn == begun else { return }
    if wasConnected, reactor.now - connectedAt >= steadyTime { failures = 0 }
    failed(reason ?? NetError(.read, name, reason: "the connection has ended: \(end)"))
  }

  private func failed(_ error: any Error) {
    failures += 1
    for waiter in waiters { waiter.failures += 1 }
    let isLast = failures >= backoff.attempts
    let settled = takeWaiters { isLast || $0.failures >= $0.limit }
    // First all that this changes: callbacks may stop it, and start it again.
    if isLast {
      reactor.handles.remove(self)
      state = .failed(error)
    } else {
      let delay = backoff.delay(after: failures)
      pause = reactor.callLater(delay) { [weak self] in
        guard let self else { return }
        pause = nil
        begin()
      }
      state = .waiting(delay, after: error)
    }
    for waiter in settled where !waiter.isFired { waiter.errback(error) }
  }
}
