public import SwirlDeferred
public import SwirlReactor

/// Sends requests over a connection that is made again when it is lost, and matches the responses.
///
/// ```swift
/// let redis = RequestClient("127.0.0.1", 6379) { RESP() }
/// redis.send(["INCR", "visits"]).addCallback { print("visit", $0) }
/// let page = try await redis.send(["GET", "page"])
/// ```
///
/// Requests are pipelined: each is sent at once, without waiting for the responses of others, up to the window. While
/// there is no connection they wait, within their timeouts. When a connection ends, the requests that were sent on it
/// fail, because the peer may have carried them out; see ``RequestError/wasSent``. Those not sent yet wait for the
/// next connection.
///
/// The first request connects, or ``start()``. From then until ``close()`` the reactor retains it. Use it on the
/// reactor's thread; all its callbacks run there. Twisted: a `ClientService` whose protocol has `callRemote`.
public final class RequestClient<Format: RequestFormat>: RequestSender {
  /// What is sent.
  public typealias Request = Format.Request
  /// What comes back.
  public typealias Response = Format.Response
  /// Where the connection is.
  public typealias State = ClientService<RequestConnection<Format>>.State

  let hub: RequestHub<Format>
  private let service: ClientService<RequestConnection<Format>>
  private let queue: RequestQueue<Request, Response>
  private var isClosed = false
  private var closes: [Deferred<Void>] = []
  /// Why there is no connection.
  private var lastError: (any Error)?
  /// Counts the changes of the state: a callback may have changed it again.
  private var changes = 0

  package init(_ hub: RequestHub<Format>, _ service: ClientService<RequestConnection<Format>>) {
    self.hub = hub
    self.service = service
    queue = RequestQueue(on: hub.reactor, maximum: hub.limits.maximumWaiting)
    queue.timeoutError = { [unowned self] in error(.timedOut, cause: lastError) }
  }

  /// A client of a TCP server at `host`, a name or an address.
  ///
  /// - Parameters:
  ///   - host: a name, or an IP address.
  ///   - port: the port.
  ///   - limits: the limits of requests.
  ///   - backoff: the pauses between attempts to connect. By default they grow to a minute, and it never gives up.
  ///   - options: the options of the socket.
  ///   - reactor: the reactor; nil is the current one.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeFormat: makes the format of each connection.
  public convenience init(
    _ host: String, _ port: Int, limits: RequestLimits = RequestLimits(), backoff: Backoff = .endless,
    options: SocketOptions = SocketOptions(), on reactor: Reactor? = nil, file: StaticString = #fileID,
    line: UInt = #line, _ makeFormat: @escaping () -> Format
  ) {
    let hub = RequestHub(named: "\(host):\(port)", limits, on: reactor ?? .current, makeFormat)
    let service = ClientService(
      host, port, backoff: backoff, options: options, on: hub.reactor, file: file, line: line
    ) { hub.makeConnection() }
    self.init(hub, service)
  }

  /// Where the connection is.
  public var state: State { service.state }
  /// Called with each new state of the connection.
  public var onStateChange: ((State) -> Void)?

  /// Prepares each new connection, such as by a login: with requests that are sent on it, before all those that wait.
  ///
  /// ```swift
  /// redis.prepare = { connection in connection.send(["AUTH", password]).addCallback { _ in } }
  /// ```
  ///
  /// If its Deferred fails, the connection is closed, and that counts as an attempt that failed.
  public var prepare: ((RequestConnection<Format>) throws -> Deferred<Void>)? {
    get { service.prepare }
    set { service.prepare = newValue }
  }

  /// Called with each message that answers no request. Without it they are dropped. For async code: ``pushes()``.
  public var onPush: ((Response) -> Void)? {
    get { hub.pushes.handler }
    set { hub.pushes.handler = newValue }
  }

  /// How long a connection must have lasted for the pauses to begin anew; 10 seconds by default.
  public var steadyTime: Duration {
    get { service.steadyTime }
    set { service.steadyTime = newValue }
  }

  /// The limits of requests.
  public var limits: RequestLimits { hub.limits }
  /// The number of requests that wait for a connection or the window.
  public var waitingCount: Int { queue.count + (service.client?.waitingCount ?? 0) }
  /// The number of requests that were sent and have no response, the cancelled ones included.
  public var underWayCount: Int { service.client?.underWayCount ?? 0 }

  private func error(_ code: RequestError.Code, cause: (any Error)? = nil) -> RequestError {
    RequestError(code, wasSent: false, peer: hub.name, cause: cause)
  }

  // MARK: - The connection

  /// Begins to connect, which the first request does as well. After it has given up, it begins again.
  public func start() {
    require(!isClosed, "start() of a RequestClient that was closed")
    service.onStateChange = { [self] state in changed(state) }
    service.start()
  }

  /// Fires when there is a connection that is prepared; at once if there is one. See ``ClientService``.
  public func whenConnected(failAfter failures: Int = .max) -> Deferred<Void> {
    service.whenConnected(failAfter: failures).addCallback { _ in }
  }

  private func changed(_ state: State) {
    changes += 1
    let change = changes
    var failed: (requests: RingBuffer<RequestQueue<Request, Response>.Waiting>, error: RequestError)?
    switch state {
    case .connected: lastError = nil
    case .waiting(_, let reason):
      lastError = reason
      if !limits.waitsForConnection { failed = (queue.takeAll(), error(.notConnected, cause: reason)) }
    case .failed(let reason):
      service.onStateChange = nil
      lastError = reason
      failed = (queue.takeAll(), error(.notConnected, cause: reason))
    case .stopped: service.onStateChange = nil
    case .connecting: break
    }
    // Each of the callbacks may start it again, or close it.
    onStateChange?(state)
    if let failed {
      for item in failed.requests { item.receiver.fail(failed.error) }
      if case .failed = state { hub.pushes.finish(throwing: failed.error) }
    }
    guard changes == change else { return }
    if case .connected = state { service.client?.open(queue) }
    if case .stopped = state { return }
    if isClosed { closeIfDone() }
  }

  // MARK: - Sending

  /// See `send`.
  public func beginRequest(_ request: Request, timeout: Duration?, at site: CallSite) -> Deferred<Response> {
    let response = Deferred<Response>(cancelledBy: hub.cancellations, file: site.file, line: site.line)
    submit(request, .response(response), timeout)
    return response
  }

  /// Sends a request that gets no response. The Deferred fires when it is sent: behind those before it, within the
  /// window. JSON-RPC: a notification.
  @discardableResult
  public func notify(_ request: Request, file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    let sent = Deferred<Void>(cancelledBy: hub.cancellations, file: file, line: line)
    submit(request, .sent(sent), nil)
    return sent
  }

  private func submit(_ request: Request, _ receiver: RequestQueue<Request, Response>.Receiver, _ timeout: Duration?) {
    if isClosed { return receiver.fail(error(.closed)) }
    let item = RequestQueue<Request, Response>.Waiting(
      request: request, receiver: receiver, deadline: limits.deadline(from: hub.reactor.turnTime, timeout))
    let connection = service.client
    if queue.isEmpty, let connection, connection.canSend { return connection.sendNow(item) }
    switch state {
    case .failed(let reason): return receiver.fail(error(.notConnected, cause: reason))
    case .stopped: start()
    default: break
    }
    if !limits.waitsForConnection, connection == nil || connection?.state == .ended {
      return receiver.fail(error(.notConnected, cause: lastError))
    }
    if !queue.append(item) { receiver.fail(error(.queueFull)) }
  }

  // MARK: - The end

  /// Accepts no more requests; those it has accepted get their responses, or time out. Then it closes the connection,
  /// and connects no more. The Deferred fires when the connection has ended.
  @discardableResult
  public func close() -> Deferred<Void> {
    let closed = Deferred<Void>()
    closes.append(closed)
    isClosed = true
    hub.onSettled = { [weak self] in self?.closeIfDone() }
    queue.onExpired = hub.onSettled
    // A cancelled request has not failed yet when this is called.
    hub.cancellations.onCancel = { [weak self] in self?.hub.reactor.callSoon { self?.closeIfDone() } }
    closeIfDone()
    return closed
  }

  /// Ends the connection at once, and connects no more; all requests fail.
  public func abort() {
    isClosed = true
    queue.failAll(error(.closed))
    service.client?.abort()
    closeIfDone()
    // One that is being prepared, or that has not sent all bytes yet.
    service.abort()
  }

  private func closeIfDone() {
    guard !queue.hasWaiting, service.client?.isBusy != true else { return }
    hub.onSettled = nil
    queue.onExpired = nil
    hub.cancellations.onCancel = nil
    let closed = closes
    closes = []
    service.client?.flush()
    hub.pushes.finish()
    service.stop().addCallback { for deferred in closed where !deferred.isFired { deferred.callback() } }
  }
}
