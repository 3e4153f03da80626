public import Logging
public import SwirlDeferred
#if HTTP2
import SwirlHTTP2
#endif
import SwirlHTTPCore
public import SwirlNet
import SwirlReactor

/// An HTTP server, of HTTP/1.1 and HTTP/2: a handler from requests to responses, and its connections.
///
/// ```swift
/// let server = HTTPServer { request in .text("hello, \(request.path)\n") }
/// let listener = try server.listen(8080)
/// reactor.run()
/// ```
///
/// The handler runs on the reactor's thread when a request has arrived with its whole body, whose size is limited
/// (``Configuration``). It returns the response, or a Deferred of one, or throws: a ``StatusError`` becomes a response
/// with its status; any other error is logged with the request line, and the client gets a 500 without details. If the
/// client disconnects, the Deferred is cancelled. A ``Router`` has a handler for each path.
///
/// Pipelined requests (RFC 9112 §9.3.2) are handled and answered in order: one at a time, unless
/// ``Configuration/pipelineDepth`` is greater.
///
/// Twisted: `twisted.web.server.Site`; Tornado: `HTTPServer`; aiohttp: `web.Server`.
public final class HTTPServer {
  enum Handler {
    case plain((Request) throws -> Response)
    case deferred((Request) throws -> Deferred<Response>)
    case streaming((StreamedRequest) throws -> Deferred<Response>)
    case routed(Router)
  }

  let handler: Handler

  /// Its limits, timeouts and options; set when the server is made.
  public let configuration: Configuration

  /// The logger for failures of the handler.
  public var logger = Logger(label: "swirl.http.server")

  /// Called when the kernel has taken a whole response, or its client has disconnected: the hook for an access log.
  /// nil, the default, costs nothing.
  public var onFinish: ((AccessRecord) -> Void)? {
    get { finishHook }
    set {
      finishHook = newValue
      reportsRequests = newValue != nil || accessLogBuffer != nil
    }
  }
  // Exempt from the check for overlapping accesses, which each request would pay for: it is read and replaced whole.
  @exclusivity(unchecked) private var finishHook: ((AccessRecord) -> Void)?
  /// The lines of ``accessLog``.
  var accessLogBuffer: AccessLogBuffer? {
    didSet { reportsRequests = finishHook != nil || accessLogBuffer != nil }
  }
  /// Whether there is an access log of either kind.
  @exclusivity(unchecked) private(set) var reportsRequests = false

  /// Called with a request whose head has arrived, but not its body: to refuse it before the body is sent, or to set
  /// the body's limit by route. nil accepts every body up to `HTTPLimits.bodyBytes`.
  ///
  /// It is called only for requests with a body, before `100 Continue` is sent to a client that waits for it (RFC 9110
  /// §10.1.1). aiohttp: `expect_handler`.
  public var decideOnBody: ((Request) throws -> BodyDecision)?

  /// Makes the responses to errors, in place of a line of text: the ``StatusError`` of a handler, a 500 for its other
  /// errors, and what the server answers by itself: 400, 408, 413, 417, 431, 503.
  ///
  /// ```swift
  /// server.onError = { failure in .html(page(failure.text), status: failure.status) }
  /// ```
  ///
  /// Called on the reactor's thread. A page may be a file, which is opened on that thread: `.file("404.html", status:
  /// failure.status)`. nil is the default response, as is an error that it throws, which is logged. A
  /// request that was malformed is nil in the ``Failure``. aiohttp: a middleware that catches `HTTPException`; Tornado:
  /// `write_error`.
  public var onError: ((Failure) throws -> Response?)?

  /// The number of open connections, including those in a TLS handshake.
  public var connectionCount: Int { listeners.reduce(connections.count) { $0 + $1.handshakeCount } }

  /// By their sequence numbers.
  private var connections: [Int: any ServedConnection] = [:]
  /// The number of the connection that was accepted last.
  private(set) var lastNumber = 0
  private(set) var listeners: [Listener] = []
  var pausedClientsTimer: DelayedCall?
  /// The interval of checks for disconnected clients while reading is paused.
  var pausedClientsInterval = Duration.seconds(1)
  /// Removes the trigger of the reactor's shutdown.
  private var shutdown: (() -> Void)?
  /// The stops that wait for requests in progress.
  private var drains: [ServerDrain] = []

  /// Whether content is decoded or compressed between the handler and the client.
  let codesContent: Bool
  /// Whether requests may be refused before a handler is called: see `refusal(of:)`.
  let mayRefuse: Bool
  /// Whether handlers are chosen by request: those of routes, or a refusal.
  let choosesHandler: Bool
  let times: ServerTimes
  let state: ServerState
  var slowness = SlowClients()
  /// nil without a limit.
  let memory: ServerMemory?
  /// nil without compression.
  let encoders: EncoderMemory?
  /// When the notice of a stop ends, during which it serves as before.
  var noticeEnd: Instant?
  let machineOptions: ServerMachine.Options
  let commonFields: CommonFields
  #if HTTP2
  let http2Settings: HTTP2Settings
  #endif
  /// A shared output buffer: a connection takes it for the duration of a callback, so that idle connections hold no
  /// buffer.
  @exclusivity(unchecked) var spareOutput: [UInt8] = []

  /// A server with a synchronous handler.
  public convenience init(
    configuration: Configuration = Configuration(), _ handler: @escaping (Request) throws -> Response
  ) {
    self.init(configuration, .plain(handler))
  }

  /// A server with an asynchronous handler. The Deferred is cancelled if the client disconnects first.
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

  /// Unavailable: its message says what to write instead.
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
    codesContent = configuration.compression != nil || configuration.decodedBodyBytes != nil
    memory = configuration.maximumBufferedBytes.map(ServerMemory.init)
    encoders = configuration.compression.map { EncoderMemory(limit: $0.maximumEncoderBytes) }
    mayRefuse = configuration.clientLimits != nil || memory != nil
    choosesHandler = handler.isRouted || mayRefuse
    times = ServerTimes(configuration)
    state = ServerState(maximumOpenFiles: configuration.maximumOpenFiles ?? CountedFile.defaultMaximum)
    machineOptions = configuration.machineOptions(for: handler)
    commonFields = CommonFields(serverName: configuration.serverName)
    #if HTTP2
    http2Settings = configuration.http2Settings
    #endif
  }

  // MARK: - Connections

  /// The protocol of one connection, for listeners that `listen` does not make: TLS, a
  /// Unix socket, a connection in memory. Twisted: `Factory.buildProtocol`.
  public func makeProtocol() -> any StreamProtocol {
    ServerConnection(self)
  }

  func insert(_ connection: any ServedConnection) -> Bool {
    // Refuse connections between a stop and the next `listen`, also from the program's own listeners.
    var drain: ServerDrain?
    if !drains.isEmpty, !listeners.contains(where: \.isListening) {
      drain = drains.first(where: \.takesConnections)
      if drain == nil { return false }
    }
    if let maximum = configuration.maximumConnections, connectionCount >= maximum { return false }
    lastNumber += 1
    connection.number = lastNumber
    connection.facts.channel?.connection = connection
    connections[lastNumber] = connection
    if let drain {
      drain.add(connection)
      // Not before it has begun.
      connection.reactor.callSoon { connection.drainAfterRequest() }
    }
    return true
  }

  /// A connection continues as another one.
  func replace(_ old: any ServedConnection, by new: any ServedConnection) {
    new.number = old.number
    old.facts?.channel?.connection = nil
    release(old)
    connections[old.number] = new
    for drain in drains { drain.replace(old, by: new) }
  }

  func remove(_ connection: any ServedConnection) {
    connection.facts?.channel?.connection = nil
    connections[connection.number] = nil
    release(connection)
    if !drains.isEmpty { drained(connection) }
  }

  /// All of them, unordered.
  var heldConnections: Dictionary<Int, any ServedConnection>.Values { connections.values }

  /// The connections for which reading is paused.
  var pausedConnections: [any ServedConnection] {
    connections.sorted { $0.key < $1.key }.map(\.value).filter(\.isReadingPaused)
  }

  /// The reactor of `connection` was released. A stop that waits for it does not fire any more.
  func forget(_ connection: any ServedConnection) {
    connection.facts?.channel?.connection = nil
    connections[connection.number] = nil
    release(connection)
    for drain in drains { drain.remove(connection) }
    drains.removeAll(where: \.isEmpty)
  }

  // MARK: - Listening and stopping

  func adopt(_ listener: Listener, on reactor: Reactor) {
    listeners.append(listener)
    limitConnections(of: listener)
    state.isStopping = false
    guard shutdown == nil else { return }
    // Weak, because the reactor retains the trigger; a listening server is retained by its listener.
    let trigger = reactor.addSystemEventTrigger(.before, .shutdown) { [weak self] in self?.stop() ?? .succeed() }
    shutdown = { [unowned reactor] in reactor.removeSystemEventTrigger(trigger) }
  }

  /// Accepts what is in the queues of the listeners, and stops them.
  func stopListening(keepsHandshakes: Bool) -> [Listener] {
    shutdown.take()?()
    for listener in listeners { listener.stopAfterQueue(keepsHandshakes: keepsHandshakes) }
    defer { listeners = [] }
    return listeners
  }

  /// Closes the idle connections, and waits for the others. It does not cover later connections: a server may listen
  /// again at once.
  /// - Parameters:
  ///   - last: the number of the last connection that closes at once if it is idle; later ones do after `idlePeriod`.
  ///   - listeners: the stopped listeners, whose handshakes continue until then.
  func finishConnections(
    within gracePeriod: Duration, idleFor idlePeriod: Duration, after last: Int, _ listeners: [Listener]
  ) -> Deferred<Void> {
    let handshaking = listeners.first { $0.handshakeCount > 0 }?.reactor
    guard let reactor = connections.values.first?.reactor ?? handshaking else { return .succeed() }
    let drain = ServerDrain(connections, listeners, within: gracePeriod, on: reactor)
    drains.append(drain)
    if drain.takesConnections || drain.connections.keys.contains(where: { $0 > last }) {
      drain.endIdle(after: idlePeriod, on: reactor) { [weak self] in self?.endDrains() }
    }
    for connection in drain.inOrder {
      if connection.number <= last { connection.drain() } else { connection.drainAfterRequest() }
    }
    return drain.isOver
  }

  /// The reactor of its listeners or connections; nil without any.
  var anyReactor: Reactor? { listeners.first?.reactor ?? connections.values.first?.reactor }

  /// Whether a stop waits for `connection`.
  func isStopping(_ connection: any ServedConnection) -> Bool {
    drains.contains { $0.connections[connection.number] != nil }
  }

  private func drained(_ connection: any ServedConnection) {
    for drain in drains { drain.remove(connection) }
    endDrains()
  }

  /// Ends the stops that have nothing left to wait for.
  private func endDrains() {
    let over = drains.filter(\.isEmpty)
    drains.removeAll(where: \.isEmpty)
    for drain in over { drain.end() }
  }
}

@available(*, unavailable, message: "A server belongs to the thread of its reactor")
extension HTTPServer: Sendable {}
