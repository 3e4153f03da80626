public import Logging
public import SwirlDeferred
import SwirlHTTPCore
public import SwirlNet
import SwirlReactor

/// An HTTP/1.1 server: a function from requests to responses, and the connections it is called for.
///
/// ```swift
/// let server = HTTPServer { request in .text("hello, \(request.path)\n") }
/// let listener = try server.listen(8080)
/// reactor.run()
/// ```
///
/// The handler runs on the reactor's thread once a request is there with its whole body, which is limited
/// (``Configuration``). It returns the response, or a Deferred of one, or throws: a ``StatusError`` is answered with its
/// status; any other error is logged with the request line and answered with 500, and says nothing of itself to the
/// client. A Deferred whose client goes away is cancelled.
///
/// Requests that a client sends without waiting for answers (pipelining, RFC 9112 §9.3.2) are handled and answered in their order:
/// one at a time, unless ``Configuration/pipelineDepth`` says otherwise.
///
/// Twisted: `twisted.web.server.Site`; Tornado: `HTTPServer`; aiohttp: `web.Server`.
public final class HTTPServer {
  enum Handler {
    case plain((Request) throws -> Response)
    case deferred((Request) throws -> Deferred<Response>)
    case streaming((StreamedRequest) throws -> Deferred<Response>)
  }

  let handler: Handler

  /// Limits, timeouts and the rest; set when the server is made.
  public let configuration: Configuration

  /// Where failures of the handler are logged.
  public var logger = Logger(label: "swirl.http.server")

  /// Called when the kernel has taken all of an answer, or its client has gone: the hook for an access log. nil, the default,
  /// costs nothing.
  public var onFinish: ((AccessRecord) -> Void)? {
    get { finishHook }
    set { finishHook = newValue }
  }
  // Exempt from the check for overlapping accesses, which each request would pay for: it is read and replaced whole.
  @exclusivity(unchecked) private var finishHook: ((AccessRecord) -> Void)?

  /// Called with a request whose head is there and whose body is not: the moment to refuse it before the body is sent, or to
  /// choose the body's limit by route. When nil every body up to `HTTPLimits.bodyBytes` is taken.
  ///
  /// It is called for requests with a body only, before `100 Continue` is sent to a client that waits for it
  /// (RFC 9110 §10.1.1). aiohttp: `expect_handler`.
  public var decideOnBody: ((Request) throws -> BodyDecision)?

  /// The connections that are open, those in the middle of a TLS handshake among them.
  public var connectionCount: Int { listeners.reduce(connections.count) { $0 + $1.handshakeCount } }

  /// By their numbers, which count up.
  private var connections: [Int: ServerConnection] = [:]
  private var lastNumber = 0
  private(set) var listeners: [Listener] = []
  var pausedClientsTimer: DelayedCall?
  /// How soon a client of which nothing is read is noticed when it goes.
  var pausedClientsInterval = Duration.seconds(1)
  /// Takes the trigger of the reactor's shutdown away.
  private var shutdown: (() -> Void)?
  /// The stops that wait for requests under way.
  private var drains: [ServerDrain] = []

  let times: ServerTimes
  let machineOptions: ServerMachine.Options
  let commonFields: CommonFields
  /// An output buffer that no connection uses: they take it for the time of a callback, so that connections which wait hold
  /// none.
  @exclusivity(unchecked) var spareOutput: [UInt8] = []

  /// A server whose handler answers at once.
  public convenience init(
    configuration: Configuration = Configuration(), _ handler: @escaping (Request) throws -> Response
  ) {
    self.init(configuration, .plain(handler))
  }

  /// A server whose handler answers later. The Deferred is cancelled when the client goes away first.
  ///
  /// ```swift
  /// HTTPServer { request in Deferred { .text(try await page(request.path)) } }
  /// ```
  @_disfavoredOverload  // so that a handler that only throws is no riddle
  public convenience init(
    configuration: Configuration = Configuration(), _ handler: @escaping (Request) throws -> Deferred<Response>
  ) {
    self.init(configuration, .deferred(handler))
  }

  /// Says what to write.
  @available(
    *, unavailable,
    message: "a handler that awaits returns a Deferred: HTTPServer { request in Deferred { try await … } }"
  )
  public convenience init(
    configuration: Configuration = Configuration(), _ handler: @escaping (Request) async throws -> Response
  ) { fatalError() }

  init(_ configuration: Configuration, _ handler: Handler) {
    self.configuration = configuration
    self.handler = handler
    times = ServerTimes(configuration)
    machineOptions = configuration.machineOptions(for: handler)
    commonFields = CommonFields(serverName: configuration.serverName)
  }

  // MARK: - Connections

  /// What serves one connection, for listeners that ``listen(_:interface:backlog:tls:on:)`` does not make: TLS, a Unix socket,
  /// a connection in memory. Twisted: `Factory.buildProtocol`.
  public func makeProtocol() -> any StreamProtocol {
    ServerConnection(self)
  }

  func insert(_ connection: ServerConnection) -> Bool {
    // Between a stop and the next `listen`, whatever listener of the program's own it comes from.
    if !drains.isEmpty, !listeners.contains(where: \.isListening) { return false }
    if let maximum = configuration.maximumConnections, connectionCount >= maximum { return false }
    lastNumber += 1
    connection.number = lastNumber
    connections[lastNumber] = connection
    return true
  }

  func remove(_ connection: ServerConnection) {
    connections[connection.number] = nil
    if !drains.isEmpty { drained(connection) }
  }

  /// Those of which nothing is read at present.
  var pausedConnections: [ServerConnection] {
    connections.sorted { $0.key < $1.key }.map(\.value).filter(\.machine.isReadingPaused)
  }

  /// The reactor of `connection` was released. A stop that waits for it does not fire any more.
  func forget(_ connection: ServerConnection) {
    connections[connection.number] = nil
    for drain in drains { drain.remove(connection) }
    drains.removeAll(where: \.connections.isEmpty)
  }

  // MARK: - Listening and stopping

  func adopt(_ listener: Listener, on reactor: Reactor) {
    listeners.append(listener)
    guard shutdown == nil else { return }
    // Weak, since the trigger stays with the reactor; a server that listens is kept by its listener.
    let trigger = reactor.addSystemEventTrigger(.before, .shutdown) { [weak self] in self?.stop() ?? .succeed() }
    shutdown = { [unowned reactor] in reactor.removeSystemEventTrigger(trigger) }
  }

  func stopListening() -> [Listener] {
    shutdown.take()?()
    defer { listeners = [] }
    return listeners
  }

  /// Closes the connections that are idle, and waits for those that are not. Those that come later have no part in it: a server may
  /// listen again at once.
  func finishConnections(within gracePeriod: Duration) -> Deferred<Void> {
    guard let reactor = connections.values.first?.reactor else { return .succeed() }
    let drain = ServerDrain(connections, within: gracePeriod, on: reactor)
    drains.append(drain)
    for connection in drain.inOrder {
      connection.drain()
    }
    return drain.isOver
  }

  private func drained(_ connection: ServerConnection) {
    for drain in drains { drain.remove(connection) }
    let over = drains.filter(\.connections.isEmpty)
    drains.removeAll(where: \.connections.isEmpty)
    for drain in over { drain.end() }
  }
}

@available(*, unavailable, message: "A server belongs to the thread of its reactor")
extension HTTPServer: Sendable {}
