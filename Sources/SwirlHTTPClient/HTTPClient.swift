import HTTPTypes
public import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
public import SwirlReactor

/// An HTTP/1.1 client: it keeps connections to each origin and sends requests over them.
///
/// Each reactor has one that `fetch(url)` uses, ``shared``; make your own for other limits.
/// Everything happens on the reactor's thread. Tornado: `AsyncHTTPClient`; aiohttp: `ClientSession`; Twisted: `Agent`.
public final class HTTPClient {
  /// What it does unless a request says otherwise.
  public let configuration: Configuration
  unowned let reactor: Reactor
  private let openClients: OpenClients.List
  private var pools: [Origin: ConnectionPool] = [:]
  /// The pool of the request before.
  @exclusivity(unchecked) private var latestPool: ConnectionPool?
  /// Requests asked for so far.
  private(set) var requests = 0
  /// Connections made or being made; and places kept for those that are about to be.
  private(set) var connections = 0
  private var line = PoolLine()
  /// Connections that are being closed for those in line.
  var roomComing = 0
  private var idleTimer: DelayedCall?
  private(set) var isClosed = false
  @exclusivity(unchecked) var interceptors: [Interceptor] = []
  /// The cookies that servers set, and that go back to them; nil, as at first, for none.
  @exclusivity(unchecked) public var cookies: CookieJar?
  private var digests: [DigestKey: DigestSession] = [:]

  let limits: HTTPLimits
  /// How connections to `https` origins are secured.
  let tls: TLSConfiguration
  let idleNanoseconds: Int64
  private let timeoutNanoseconds: Int64?
  let lifetimeNanoseconds: Int64?
  /// The fields that go with every request.
  let headers: HTTPFields
  private let encodedHeaders: EncodedFields
  /// Whether the configuration's fields ask for a connection for each request.
  let isClosingAfterEach: Bool
  /// Exempt from run-time checks for overlapping access, as is what else is touched for every request: it is used and left in one
  /// place, which calls nothing back.
  @exclusivity(unchecked) private var output: [UInt8] = []

  /// - Parameters:
  ///   - configuration: limits and times.
  ///   - reactor: where it works; that of this thread unless told otherwise.
  public init(_ configuration: Configuration = Configuration(), on reactor: Reactor = .current) {
    require(
      configuration.connectionsPerOrigin > 0 && configuration.connections > 0, "a client needs room for one connection")
    self.configuration = configuration
    self.reactor = reactor
    openClients = OpenClients.of(reactor).list
    var limits = configuration.limits
    limits.bodyBytes = configuration.maximumBodySize
    self.limits = limits
    var tls = configuration.tls
    if tls.applicationProtocols.isEmpty { tls.applicationProtocols = ["http/1.1"] }
    self.tls = tls
    idleNanoseconds = configuration.idleTimeout.nanoseconds
    timeoutNanoseconds = configuration.timeout?.nanoseconds
    lifetimeNanoseconds = configuration.connectionLifetime?.nanoseconds
    isClosingAfterEach = configuration.headers[values: .connection].contains(where: \.hasCloseOption)
    var headers = configuration.headers
    if configuration.decodesContent, !headers.contains(.acceptEncoding) {
      headers[.acceptEncoding] = "gzip, deflate, br, zstd"
    }
    require(
      !headers.contains(.host),
      "the configuration's headers have a Host, which is for one origin only: set it in the headers of a request")
    self.headers = headers
    do { encodedHeaders = try EncodedFields(headers) } catch {
      fatalError("the headers of the configuration cannot be sent: \(error)")
    }
    openClients.insert(self)
  }

  /// The client of this thread's reactor.
  public static var shared: HTTPClient { of(.current) }

  static func of(_ reactor: Reactor) -> HTTPClient {
    reactor.attached(HTTPClient.self) { HTTPClient(on: reactor) }
  }

  // MARK: - Requests

  /// Asks for `request` and gives the response, whatever its status. Cancelling the Deferred ends the request.
  ///
  /// Fails with ``HTTPError``, which names the URL, or with `CancelledError`.
  public func fetch(
    _ request: Request, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Response> {
    let exchange = start(request)
    let deferred = Deferred<Response>(canceller: { _ in exchange.cancel() }, file: file, line: line)
    exchange.consumer = .deferred(deferred)
    return deferred
  }

  /// Asks for `request` and calls `callback` with the response, whatever its status, or an ``HTTPError`` that names the URL.
  ///
  /// The callback is called once, on the reactor's thread, and never before this has returned. An error that it throws is
  /// logged.
  @discardableResult
  public func fetch(
    _ request: Request, file: StaticString = #fileID, line: UInt = #line,
    _ callback: @escaping (Result<Response, any Error>) throws -> Void
  ) -> Exchange {
    let exchange = start(request)
    exchange.consumer = .callback(callback, CallSite(file: file, line: line))
    return exchange
  }

  /// Sends the request, or puts it in line. Its consumer is set by the caller: no result comes before this has returned.
  func start(_ request: Request) -> Exchange {
    if interceptors.isEmpty { return startDirectly(request) }
    let request = request.withTracingContext
    let exchange = makeExchange(request)
    let begin = { [self] in exchange.intercept(send(request, through: 0)) }
    // Those that await need the reactor to run.
    if Reactor.running === reactor { begin() } else { reactor.callSoon { if !exchange.isFinished { begin() } } }
    return exchange
  }

  /// As `start`, without the interceptors.
  func startDirectly(_ request: Request) -> Exchange {
    let exchange = makeExchange(request)
    send(exchange)
    return exchange
  }

  private func makeExchange(_ request: Request) -> Exchange {
    requests += 1
    let timeout = request.timeout ?? configuration.timeout
    let nanoseconds = request.timeout?.nanoseconds ?? timeoutNanoseconds
    let now = reactor.turnTime
    var deadline = nanoseconds.map { now + max(0, $0) } ?? .max
    if let limit = request.deadline { deadline = min(deadline, limit.nanoseconds) }
    let exchange = Exchange(request, timeout: timeout, deadline: deadline, number: requests, by: self)
    exchange.times.start = now
    return exchange
  }

  /// Sends it, or puts it in line; anew, where it was redirected.
  func send(_ exchange: Exchange) {
    if isClosed { return exchange.failSoon(exchange.error(.clientClosed, "the client was closed")) }
    if !exchange.isPlain, let problem = exchange.request.problem {
      return exchange.failSoon(exchange.error(.invalidRequest, problem))
    }
    do throws(HTTPURL.Malformed) {
      let (pool, target) = try destination(of: exchange)
      // RFC 9112 §3.2.2: a proxy is told the whole URL.
      exchange.target = pool.asksProxy ? pool.origin.prefix + target : target
      if !exchange.request.isOrdinary, let digest = exchange.request.authentication?.digest {
        prove(digest, to: pool.origin, target, in: exchange)
      }
      pool.start(exchange)
    } catch {
      exchange.setURL(exchange.url.withoutCredentials)
      exchange.failSoon(exchange.error(error.code, error.reason))
    }
  }

  private struct DigestKey: Hashable {
    let origin: Origin
    let user: String
  }

  /// A server wants a proof.
  func noteChallenge(_ challenge: DigestChallenge, to exchange: Exchange) {
    guard let digest = exchange.request.authentication?.digest, let origin = try? HTTPURL(exchange.url).origin else {
      return
    }
    // A nonce costs one more request to get again: better that than a list without end.
    if digests.count >= 1000 { digests = [:] }
    digests[DigestKey(origin: origin, user: digest.user)] = DigestSession(
      challenge, clientNonce: (0..<2).map { _ in String(UInt64.random(in: 0 ... .max), radix: 16) }.joined())
  }

  /// The target is that which the server gets to see: not a proxy's.
  private func prove(
    _ digest: (user: String, password: String), to origin: Origin, _ target: String, in exchange: Exchange
  ) {
    exchange.proof = digests[DigestKey(origin: origin, user: digest.user)]?.authorization(
      user: digest.user, password: digest.password, method: exchange.method.rawValue, target: target,
      content: exchange.request.knownContent, by: MessageDigest.hash)
  }

  /// Leaves the URL of the exchange in canonical form: errors, history, cookies and the response have no other.
  private func destination(of exchange: Exchange) throws(HTTPURL.Malformed) -> (ConnectionPool, target: String) {
    // Most programs ask the same origin again: its part of the URL need not be read then.
    if let latestPool, let target = HTTPURL.target(of: exchange.url, after: latestPool.urlPrefix) {
      return (latestPool, target)
    }
    let parts = try HTTPURL(exchange.url)
    exchange.setURL(parts.textWithFragment)
    let pool = try pool(for: parts.origin)
    latestPool = pool
    return (pool, parts.target)
  }

  private func pool(for origin: Origin) throws(HTTPURL.Malformed) -> ConnectionPool {
    if let pool = pools[origin] { return pool }
    do throws(HTTPWireError) {
      let pool = try ConnectionPool(client: self, origin: origin, on: reactor)
      pools[origin] = pool
      return pool
    } catch { throw HTTPURL.Malformed(error.message) }
  }

  /// Puts the head of a request into bytes and hands them to `write`.
  func serialize(
    _ exchange: Exchange, in pool: ConnectionPool, _ write: ([UInt8]) -> Void
  ) throws(HTTPWireError) {
    output.removeAll(keepingCapacity: true)
    let framing: BodyFraming = exchange.request.body?.framing ?? exchange.framingWithoutBody
    var fields = exchange.isPlain ? exchange.request.headers : try exchange.request.fields()
    if let proof = exchange.proof {
      fields[fields: .authorization] = [HTTPField(name: .authorization, value: proof.isomorphicBytes)]
    }
    if pool.asksProxy, let authorization = pool.proxy?.authorization { fields[.proxyAuthorization] = authorization }
    var encoded: EncodedFields? = encodedHeaders
    addCookies(to: &fields, of: exchange)
    if !fields.isEmpty, headers.contains(where: { fields.contains($0.name) }) {
      // The request's own go before those of the configuration.
      encoded = nil
      for field in headers where !fields.contains(field.name) { fields.append(field) }
    }
    var host = pool.host
    if !fields.isEmpty, let own = fields[.host] { host = try EncodedHost(own) }
    try RequestSerializer().appendHead(
      exchange.method, target: exchange.target, host: host, fields: fields, encoded: encoded, framing: framing,
      to: &output)
    write(output)
  }

  /// Adds the cookies of the jar after those that the program gave, in one field, as RFC 6265bis §5.8.1 wants it.
  private func addCookies(to fields: inout HTTPFields, of exchange: Exchange) {
    let own = fields.contains(.cookie) ? fields.bytes(of: .cookie) : nil
    var kept: [UInt8]?
    if let cookies, !cookies.isEmpty { kept = cookies.cookieBytes(for: exchange.url, method: exchange.method) }
    let all = [own, kept].compactMap { $0 }
    if all.isEmpty { return }
    fields[.cookie] = nil
    // Appended, since what is assigned would be cut into fields of one cookie each.
    fields.append(HTTPField(name: .cookie, value: Array(all.joined(separator: "; ".utf8))))
  }

  /// Keeps the cookies that `head` sets.
  func storeCookies(of head: ResponseHead, from exchange: Exchange) {
    guard let cookies, head["set-cookie"] != nil else { return }
    for field in head.fields[fields: .setCookie] { cookies.store(setCookie: field.bytes, from: exchange.url) }
  }

  // MARK: - Connections in all

  /// Takes a place among the connections for a new one; without one the pool is told when there is.
  func reserveConnection(for pool: ConnectionPool) -> Bool {
    if connections < configuration.connections {
      connections += 1
      return true
    }
    line.insert(pool)
    // A free connection to somewhere else is worth less than one that is waited for.
    if roomComing < line.count { _ = pools.values.contains { $0.closeOldestIdle() } }
    return false
  }

  /// Gives up the place of a connection.
  func releaseConnection(makingRoom: Bool = false) {
    connections -= 1
    if makingRoom { roomComing -= 1 }
  }

  /// Whether it has no connection, and no request that waits for one.
  var isUnused: Bool { pools.isEmpty && connections == 0 && line.isEmpty && roomComing == 0 }

  /// Whether requests wait for a connection to be given up.
  var hasLine: Bool { !line.isEmpty }

  /// Whether a connection of `pool` is to make room for a request to another origin, which came before `number`.
  func needsRoom(besides pool: ConnectionPool, before number: Int) -> Bool {
    guard roomComing < line.count, let first = line.first(), first !== pool else { return false }
    return first.placeInLine! < number
  }

  /// A connection or a place in line was given up by `pool`: the next connection is for the request that came first.
  func noteFreed(_ pool: ConnectionPool) {
    if pool.isUnused {
      line.remove(pool)
      if pools[pool.origin] === pool { pools[pool.origin] = nil }
      if latestPool === pool { latestPool = nil }
    } else if !line.isEmpty, pool.needsConnection {
      line.insert(pool)
    }
    while connections < configuration.connections, let next = line.next() {
      connections += 1
      next.connect()
      if next.needsConnection { line.insert(next) }
    }
    pool.connectIfNeeded()
  }

  /// Its connections and the requests that wait for one, at present.
  public var counts: Counts {
    pools.values.reduce(into: Counts()) { $0 += $1.counts }
  }

  /// The connections to the origin of `url`, and the requests that wait for one.
  public func counts(for url: String) -> Counts {
    (try? HTTPURL(url)).flatMap { pools[$0.origin] }?.counts ?? Counts()
  }

  // MARK: - Idle connections

  /// Closes connections when they have been free for too long. One timer for all: it looks, and comes back for the oldest.
  func watchIdle() {
    if let idleTimer, idleTimer.isActive { return }
    idleTimer = reactor.callLater(configuration.idleTimeout) { [unowned self] in closeIdle() }
  }

  private func closeIdle() {
    let limit = reactor.turnTime - idleNanoseconds
    guard let oldest = pools.values.compactMap({ $0.closeIdle(before: limit) }).min() else { return }
    idleTimer = reactor.callAt(Instant(nanoseconds: oldest + idleNanoseconds)) { [unowned self] in
      closeIdle()
    }
  }

  /// Closes the connections that are free and fails the requests that wait; those under way end on their own. What is asked
  /// for after that fails.
  public func close() {
    isClosed = true
    idleTimer?.cancel()
    for pool in pools.values {
      pool.close { $0.error(.clientClosed, "the client was closed before the request was sent") }
    }
  }

  /// The reactor is let go of.
  func abandon() {
    idleTimer?.cancel()
    isClosed = true
    latestPool = nil
    line = PoolLine()
    for pool in pools.take().values { pool.abandon() }
  }

  deinit {
    openClients.remove(self)
    idleTimer?.cancel()
    for pool in pools.values { pool.detach() }
  }
}

extension HTTPField.Name {
  /// Of a request: the host that it is for, if that is not the one of its URL.
  static let host = Self("Host")!
}

extension HTTPClient.Body {
  fileprivate var framing: BodyFraming { length.map { .contentLength($0) } ?? .chunked }
}

extension HTTPClient.Request {
  /// What of it cannot be sent, in words. HTTPFields would put spaces where a value has line breaks, and send that.
  fileprivate var problem: String? {
    if let problem = authentication?.problem { return problem }
    if let type = body?.contentType, !HTTPField.isValidValue(type) { return "the content type has a line break or NUL" }
    return nil
  }

  /// The fields to send: the program's own, and those that follow from the rest of the request.
  fileprivate func fields() throws(HTTPWireError) -> HTTPFields {
    var fields = headers
    if let type = body?.contentType, !fields.contains(.contentType) { fields[.contentType] = type }
    if expectsContinue { fields[.expect] = "100-continue" }
    if let authentication {
      if let credentials = authentication.credentials, !fields.contains(.authorization) {
        fields[.authorization] = credentials
      }
    }
    return fields
  }
}

extension HTTPClient.Exchange {
  /// Whether nothing but its fields goes into its head.
  @inline(__always) fileprivate var isPlain: Bool { request.isOrdinary && request.body == nil }

  /// RFC 9110 §8.6: a method that usually has content says so when it has none.
  fileprivate var framingWithoutBody: BodyFraming {
    switch method {
    case .post, .put, .patch: .contentLength(0)
    default: .none
    }
  }
}

extension Dictionary {
  /// Moves the entries out.
  fileprivate mutating func take() -> [Key: Value] {
    defer { self = [:] }
    return self
  }
}
