import HTTPTypes
public import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
public import SwirlReactor

/// An HTTP/1.1 client: it keeps connections to each origin and sends requests over them.
///
/// Each reactor has one that `fetch(url)` uses, ``shared``; make your own for other limits. Use it on the reactor's
/// thread; callbacks run there. Tornado: `AsyncHTTPClient`; aiohttp: `ClientSession`; Twisted: `Agent`.
public final class HTTPClient: ReactorHandle {
  /// The defaults for its requests.
  public let configuration: Configuration
  /// Its reactor, which the program keeps.
  var reactor: Reactor {
    if isAbandoned {
      fatalError(
        """
        the reactor of this HTTPClient was released, and the client does not keep it: store it, as in \
        `let reactor = Reactor()`, and pass that as `on:`
        """)
    }
    return itsReactor
  }
  private unowned let itsReactor: Reactor
  @exclusivity(unchecked) private var isAbandoned = false
  // Strong, because a client may outlive its reactor, and removes itself in its deinit.
  private let handles: HandleList
  package var handleIndex: Int?
  package var handleKind: OpenHandle.Kind { .client }
  package var handlePeer: String? { nil }
  package var begunWork: (count: Int, name: String)? { (requests, "request") }
  package var workUnderWay: (count: Int, name: String)? { (max(unfinished, unfinishedCalls), "request") }
  /// Its connections, and the requests that wait for one.
  let pools: ConnectionPools
  /// The number of requests so far.
  private(set) var requests = 0
  /// The number of requests without a result, and of calls whose requests the interceptors make.
  private var unfinished = 0
  private var unfinishedCalls = 0
  /// The pieces of `middleware`, and what follows from them, which is made when they change: the functions that a
  /// request passes through, and which of the built-in pieces there are. A plain request looks at the first only.
  var pieces: [Middleware] = .builtIn
  @exclusivity(unchecked) var interceptors: [Interceptor] = []
  @exclusivity(unchecked) var builtIns: BuiltInMiddleware = [.redirects, .cookies, .authentication, .decoding] {
    didSet {
      setJar()
      if builtIns.contains(.decoding) != oldValue.contains(.decoding) { setHeaders() }
    }
  }
  /// The cookies that servers set, and that are sent back; nil, the default, disables cookies.
  public var cookies: CookieJar? { didSet { setJar() } }
  /// The same, if cookies are among the pieces.
  @exclusivity(unchecked) private(set) var jar: CookieJar?
  private var digests = DigestSessions<DigestKey>()
  /// The sources of events that have begun and not ended. Unretained: a source leaves before it is freed.
  private var eventSources: [ObjectIdentifier: Unmanaged<EventSource>] = [:]

  private let timeoutNanoseconds: Int64?
  /// The fields of every request.
  @exclusivity(unchecked) private(set) var headers = HTTPFields()
  @exclusivity(unchecked) private var encodedHeaders = EncodedFields()
  /// Whether they have credentials for a proxy.
  @exclusivity(unchecked) private var hasProxyCredentials = false
  /// Whether the configuration's fields have `Connection: close`.
  let isClosingAfterEach: Bool
  /// Exempt from run-time checks for overlapping access, like the other fields that every request accesses: it is only
  /// used in one function, which makes no re-entrant call.
  @exclusivity(unchecked) private var output: [UInt8] = []

  /// - Parameters:
  ///   - configuration: limits and times.
  ///   - reactor: its reactor; by default that of this thread.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  public convenience init(
    _ configuration: Configuration = Configuration(), on reactor: Reactor = .current,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(configuration, on: reactor, answering: nil, at: CallSite(file: file, line: line))
  }

  init(
    _ configuration: Configuration, on reactor: Reactor, answering answer: ConnectionPools.Answer?, at site: CallSite
  ) {
    require(
      configuration.connectionsPerOrigin > 0 && configuration.connections > 0, "a client needs room for one connection")
    self.configuration = configuration
    itsReactor = reactor
    handles = reactor.handles
    pools = ConnectionPools(configuration, answering: answer, on: reactor, at: site)
    timeoutNanoseconds = configuration.timeout?.nanoseconds
    isClosingAfterEach = configuration.headers[values: .connection].contains(where: \.hasCloseOption)
    require(
      !configuration.headers.contains(.host),
      "the configuration's headers have a Host, which is for one origin only: set it in the headers of a request")
    setHeaders()
    reactor.insertHandle(self, isKept: false, at: site)
  }

  /// Sets the fields of every request.
  private func setHeaders() {
    headers = configuration.headers
    if decodesContent(of: nil), !headers.contains(.acceptEncoding) {
      headers[.acceptEncoding] = "gzip, deflate, br, zstd"
    }
    hasProxyCredentials = headers.contains(.proxyAuthorization)
    do { encodedHeaders = try EncodedFields(headers) } catch {
      fatalError("the headers of the configuration cannot be sent: \(error)")
    }
  }

  private func setJar() { jar = builtIns.contains(.cookies) ? cookies : nil }

  /// Whether it decodes the content of `request`; nil is one that does not say.
  func decodesContent(of request: Request?) -> Bool {
    builtIns.contains(.decoding) && request?.decodesContent ?? configuration.decodesContent
  }

  /// The client of this thread's reactor.
  public static var shared: HTTPClient { of(.current) }

  static func of(_ reactor: Reactor) -> HTTPClient {
    reactor.attached(HTTPClient.self) { HTTPClient(on: reactor) }
  }

  // MARK: - Requests

  /// Sends `request` and gives the response, with any status. Cancelling the Deferred ends the request.
  ///
  /// Fails with ``HTTPError``, which names the URL, or with `CancelledError`.
  public func fetch(
    _ request: Request, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Response> {
    let exchange = start(request)
    let deferred = Deferred<Response>(cancelling: exchange, file: file, line: line)
    exchange.consumer = .deferred(deferred)
    return deferred
  }

  /// Sends `request` and calls `callback` with the response, with any status, or an ``HTTPError`` that names the URL.
  ///
  /// The callback is called once, on the reactor's thread, and never before this has returned. An error that it throws
  /// is logged.
  @discardableResult
  public func fetch(
    _ request: Request, file: StaticString = #fileID, line: UInt = #line,
    _ callback: @escaping (Result<Response, any Error>) throws -> Void
  ) -> Exchange {
    let exchange = start(request)
    exchange.consumer = .callback(callback, CallSite(file: file, line: line))
    return exchange
  }

  /// Sends or queues the request. The caller sets its consumer: no result arrives before this has returned.
  func start(_ request: consuming Request) -> Exchange {
    if interceptors.isEmpty { return startDirectly(request) }
    let request = request.withTracingContext.asCall(isCollected: true)
    let exchange = makeExchange(request, isCall: true)
    let begin = { [self] in exchange.intercept(fetchThroughInterceptors(request)) }
    // Interceptors that await need a running reactor.
    if Reactor.running === reactor { begin() } else { reactor.callSoon { if !exchange.isFinished { begin() } } }
    return exchange
  }

  /// Like `start`, without the interceptors.
  func startDirectly(_ request: consuming Request) -> Exchange {
    let exchange = makeExchange(request)
    send(exchange)
    return exchange
  }

  private func makeExchange(_ request: consuming Request, isCall: Bool = false) -> Exchange {
    requests += 1
    if isCall { unfinishedCalls += 1 } else { unfinished += 1 }
    let timeout = request.timeout ?? configuration.timeout
    let nanoseconds = request.timeout?.nanoseconds ?? timeoutNanoseconds
    let now = reactor.turnTime
    var deadline = nanoseconds.map { now + max(0, $0) } ?? .max
    if let limit = request.deadline { deadline = min(deadline, limit.nanoseconds) }
    let exchange = Exchange(request, timeout: timeout, deadline: deadline, number: requests, isCall: isCall, by: self)
    exchange.times.start = now
    return exchange
  }

  /// `exchange` has its result.
  func noteFinished(_ exchange: Exchange) {
    if exchange.isCall { unfinishedCalls -= 1 } else { unfinished -= 1 }
  }

  /// Sends or queues it; again after a redirect.
  func send(_ exchange: Exchange) {
    if pools.isClosed { return exchange.failSoon(exchange.error(.clientClosed, "the client was closed")) }
    if !exchange.isPlain, let problem = exchange.request.problem {
      return exchange.failSoon(exchange.error(.invalidRequest, problem))
    }
    do throws(HTTPURL.Malformed) {
      var (pool, target) = try destination(of: exchange)
      if !exchange.request.isOrdinary, let relayed = exchange.request.relayedTarget { target = relayed }
      // RFC 9112 §3.2.2: a proxy gets the whole URL.
      exchange.target = pool.asksProxy ? pool.origin.prefix + target : target
      if !exchange.request.isOrdinary, let digest = exchange.digest {
        prove(digest, to: pool.origin, target, in: exchange)
      }
      pool.start(exchange)
    } catch {
      exchange.setURL(exchange.url.redactedURL)
      exchange.failSoon(exchange.error(error.code, error.reason))
    }
  }

  private struct DigestKey: Hashable {
    let origin: Origin
    let user: String
  }

  /// Stores a server's authentication challenge.
  func noteChallenge(_ challenge: DigestChallenge, to exchange: Exchange) {
    guard let digest = exchange.digest, let origin = try? HTTPURL(exchange.url).origin else {
      return
    }
    digests.note(challenge, of: DigestKey(origin: origin, user: digest.user))
  }

  /// The target is that for the origin server, not for a proxy.
  private func prove(
    _ digest: (user: String, password: String), to origin: Origin, _ target: String, in exchange: Exchange
  ) {
    exchange.proof = digests.proof(
      of: DigestKey(origin: origin, user: digest.user), user: digest.user, password: digest.password, exchange.method,
      target, exchange.request.knownContent)
  }

  /// Makes the URL of the exchange canonical: errors, history, cookies and the response use this form only.
  private func destination(of exchange: Exchange) throws(HTTPURL.Malformed) -> (ConnectionPool, target: String) {
    // Most programs request the same origin again: then its part of the URL need not be parsed.
    let use = exchange.http2Use
    if use == nil, let latest = pools.latest,
      let target = HTTPURL.target(of: exchange.url, after: latest.urlPrefix)
    {
      return (latest, target)
    }
    let parts = try HTTPURL(exchange.url)
    exchange.setURL(parts.textWithFragment)
    let pool =
      exchange.upgrade == nil
      ? try pools.pool(for: parts.origin, use) : try pools.pool(for: parts.origin, upgrading: exchange)
    return (pool, parts.target)
  }

  /// Encodes the head of a request and passes it to `write`.
  func serialize(
    _ exchange: Exchange, in pool: ConnectionPool, _ write: ([UInt8]) -> Void
  ) throws(HTTPWireError) {
    output.removeAll(keepingCapacity: true)
    let framing: BodyFraming = exchange.request.body?.framing ?? exchange.framingWithoutBody
    var fields = try ownFields(of: exchange, in: pool)
    var encoded: EncodedFields? = encodedHeaders
    if !fields.isEmpty && headers.contains(where: { fields.contains($0.name) })
      || hasProxyCredentials && pool.isTunnelled
    {
      encoded = nil
      appendHeaders(to: &fields, in: pool)
    }
    var host = pool.host
    if !fields.isEmpty, let own = fields[.host] { host = try EncodedHost(own) }
    try RequestSerializer().appendHead(
      exchange.method, target: exchange.target, host: host, fields: fields, encoded: encoded, framing: framing,
      to: &output)
    write(output)
  }

  /// Appends the configuration's fields, unless the request's own replace them.
  private func appendHeaders(to fields: inout HTTPFields, in pool: ConnectionPool) {
    for field in headers where !fields.contains(field.name) {
      if !pool.isTunnelled || field.name != .proxyAuthorization { fields.append(field) }
    }
  }

  /// The fields of this request, besides those of the configuration.
  @inline(__always)
  private func ownFields(of exchange: Exchange, in pool: ConnectionPool) throws(HTTPWireError) -> HTTPFields {
    var fields = exchange.isPlain ? exchange.request.headers : try exchange.request.fields(builtIns)
    if let proof = exchange.proof {
      fields[fields: .authorization] = [HTTPField(name: .authorization, value: proof.isomorphicBytes)]
    }
    if pool.asksProxy, let proxy = pool.proxy,
      let field = pools.proxySessions.field(for: proxy, exchange.method, exchange.target, exchange.request.knownContent)
    {
      fields[fields: .proxyAuthorization] = [field]
    }
    // RFC 9110 §11.7.2: it is for the proxy. Through a tunnel the origin would read it.
    if !fields.isEmpty, pool.isTunnelled { fields[fields: .proxyAuthorization] = [] }
    addCookies(to: &fields, of: exchange)
    return fields
  }

  /// The request with all fields that would be sent.
  func requestAsSent(_ exchange: Exchange, in pool: ConnectionPool) throws(HTTPWireError) -> Request {
    // What cannot be sent is found here.
    try serialize(exchange, in: pool) { _ in }
    var request = exchange.request
    // A proxy gets the whole URL.
    request.url = pool.asksProxy ? exchange.target : pool.origin.prefix + exchange.target
    request.headers = try ownFields(of: exchange, in: pool)
    appendHeaders(to: &request.headers, in: pool)
    return request
  }

  /// Adds the jar's cookies after the program's own, in one field, as RFC 6265bis §5.8.1 requires.
  private func addCookies(to fields: inout HTTPFields, of exchange: Exchange) {
    // Nearly every request.
    if fields.isEmpty, jar == nil { return }
    let own = fields.contains(.cookie) ? fields.bytes(of: .cookie) : nil
    var kept: [UInt8]?
    if let jar, !jar.isEmpty { kept = jar.cookieBytes(for: exchange.url, method: exchange.method) }
    let all = [own, kept].compactMap { $0 }
    if all.isEmpty { return }
    fields[.cookie] = nil
    // Append, because assigning would split it into one field per cookie.
    fields.append(HTTPField(name: .cookie, value: Array(all.joined(separator: "; ".utf8))))
  }

  /// Stores the cookies that `head` sets.
  func storeCookies(of head: ResponseHead, from exchange: Exchange) {
    guard let jar, head["set-cookie"] != nil else { return }
    for field in head.fields[fields: .setCookie] { jar.store(setCookie: field.bytes, from: exchange.url) }
  }

  // MARK: - Connections

  /// The current numbers of its connections and waiting requests.
  public var counts: Counts { pools.counts }

  /// The numbers of connections and waiting requests for the origin of `url`.
  public func counts(for url: String) -> Counts {
    (try? HTTPURL(url)).map { pools.counts(for: $0.origin) } ?? Counts()
  }

  /// The number of established, pending and reserved connections.
  var connections: Int { pools.connections }

  /// Whether it has no connection and no queued request.
  var isUnused: Bool { pools.isUnused }

  /// Closes idle connections and fails queued requests; requests in progress end on their own. Later requests fail.
  public func close() {
    pools.close { $0.error(.clientClosed, "the client was closed before the request was sent") }
  }

  /// The reactor is being released: requests in progress and their client retain each other.
  package func abandon() {
    isAbandoned = true
    // First, so that the ends of their connections call nothing of the program.
    let sources = eventSources.values.map { $0.takeUnretainedValue() }
    for source in sources { source.abandon() }
    pools.abandon()
  }

  /// Abandons `source` when the reactor is released, unless it has left before.
  func enter(_ source: EventSource) { eventSources[ObjectIdentifier(source)] = Unmanaged.passUnretained(source) }

  func leave(_ source: EventSource) { eventSources[ObjectIdentifier(source)] = nil }

  deinit {
    handles.remove(self)
    pools.detach()
  }
}

extension HTTPField.Name {
  /// A request's host, if it differs from that of its URL.
  static let host = Self("Host")!
}

extension HTTPClient.Body {
  fileprivate var framing: BodyFraming { length.map { .contentLength($0) } ?? .chunked }
}

extension HTTPClient.Request {
  /// Why it cannot be sent, in words. HTTPFields would replace line breaks in a value by spaces, and send that.
  fileprivate var problem: String? {
    if let problem = authentication?.problem { return problem }
    if let type = body?.contentType, !HTTPField.isValidValue(type) { return "the content type has a line break or NUL" }
    if upgrade != nil, body != nil { return "a request for another protocol has no content: send it there" }
    return nil
  }

  /// The fields to send: the program's own, and those derived from the rest of the request.
  fileprivate func fields(_ pieces: HTTPClient.BuiltInMiddleware) throws(HTTPWireError) -> HTTPFields {
    var fields = headers
    if let type = body?.contentType, !fields.contains(.contentType) { fields[.contentType] = type }
    if expectsContinue { fields[.expect] = "100-continue" }
    if pieces.contains(.authentication), let credentials = authentication?.credentials,
      !fields.contains(.authorization)
    {
      fields[.authorization] = credentials
    }
    return fields
  }
}

extension HTTPClient.Exchange {
  /// Whether its head has only the given fields.
  @inline(__always) fileprivate var isPlain: Bool { request.isOrdinary && request.body == nil }

  /// RFC 9110 §8.6: a method that usually has content declares an empty one.
  fileprivate var framingWithoutBody: BodyFraming {
    // One comparison for nearly every request.
    if method == .get { return .none }
    switch method {
    case .post, .put, .patch: return .contentLength(0)
    default: return .none
    }
  }
}
