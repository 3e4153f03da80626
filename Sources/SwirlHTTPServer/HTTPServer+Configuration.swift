import SwirlDeferred
public import SwirlHTTPCore
#if HTTP2
import SwirlHTTP2
#endif
public import SwirlNet
import SwirlReactor

extension HTTPServer {
  /// The limits and timeouts of a server.
  public struct Configuration: Sendable {
    /// The limits of a request. The default limit of the body is 1 MiB; beyond it: 413.
    public var limits: HTTPLimits

    /// From the first byte of a head, or from the connection's beginning, to the head's end. After that 408; without a
    /// byte of a request the connection closes silently.
    public var headTimeout: Duration = .seconds(30)

    /// From a head to the end of its body, extended by received bytes: see `minimumBodyRate`. After that 408. Kestrel:
    /// the grace period of `MinRequestBodyDataRate`.
    public var bodyTimeout: Duration = .seconds(30)

    /// The number of body bytes that extend `bodyTimeout` by one second, so that a large upload may take long, but a
    /// trickle may not. The time is at no moment longer than `bodyTimeout`, however fast the body began.
    public var minimumBodyRate = 1024

    /// How long an idle connection stays open between two requests.
    public var idleTimeout: Duration = .seconds(75)

    /// How long a client may read nothing, or less than `minimumWriteRate`, of its pending response before the
    /// connection is aborted.
    public var writeTimeout: Duration = .seconds(60)

    /// The minimum rate, in bytes per second over each `writeTimeout`, at which a client must read a pending response:
    /// a slow reader must not hold a response in memory. Kestrel: `MinResponseDataRate`.
    public var minimumWriteRate = 240

    /// The time limit of a handler's Deferred; nil, the default, is no limit. After that it is cancelled and the client
    /// gets a 503. It counts from the call of the handler; for a streamed body, from the end of the body or from when
    /// the handler has stopped reading it, but from the call while the client waits for a `100 Continue`. Go:
    /// `http.TimeoutHandler`.
    public var handlerTimeout: Duration?

    /// After a response that ends a connection in the middle of a request: how long to read and drop the client's
    /// input, so that a reset does not destroy the response (RFC 9112 §9.6).
    public var lingerTimeout: Duration = .seconds(2)

    /// The maximum number of bytes to drop in that time.
    public var lingerBytes = 1024 * 1024

    /// The number of requests of one connection that are handled concurrently. By default one, as in nginx, Go and
    /// Twisted: the handler gets a pipelined request only when the previous one is answered, so that responses do not
    /// pile up in memory. With more, handlers overlap; each response is held until its turn.
    public var pipelineDepth = 1

    /// With a greater depth: the total size of requests in progress and held responses, in bytes, above which no
    /// further handler is called. Also the limit for reading ahead.
    public var pipelineBytes = 64 * 1024

    #if HTTP2
    /// Whether clients may use HTTP/2: by ALPN over TLS, otherwise by its preface, on the same port as HTTP/1 (RFC 9113
    /// §3.2, §3.3). Handlers do not know the difference.
    public var http2 = true

    /// How many requests of one HTTP/2 connection are in progress at a time (RFC 9113 §5.1.2). Each may have a
    /// body in memory, up to the limit of bodies.
    public var streamsPerConnection = 100
    #endif

    /// The maximum number of open connections; further ones get a 503. nil leaves it to the descriptor limit.
    public var maximumConnections: Int?

    /// The bytes that may wait in all connections together, as ``HTTPServer/bufferedBytes`` counts them: beyond it new
    /// requests, and those whose bodies are still arriving, get 503 with Retry-After, until three quarters are left.
    /// Streamed bodies are held back as each handler reads. They are refused rather than not read: a client that waits
    /// knows nothing, holds its connection and what of its body has arrived, and may be what the others wait for; one
    /// with a 503 goes to another server, or comes back. nil, the default, leaves it to the limits of each
    /// connection. In an ``HTTPServerGroup`` each server has its own.
    public var maximumBufferedBytes: Int?

    /// How many files may be open at a time to be sent: beyond it answers with a file get 503 with Retry-After, except
    /// for two on each connection. nil, the default, is a quarter of the descriptors that the process may have. Over
    /// HTTP/1 each connection is sent one; one of HTTP/2 may ask for ``streamsPerConnection``, and read nothing. Those
    /// up to 32 KiB in memory do not count: they are closed when the answer is made. In an ``HTTPServerGroup`` each
    /// server has its own count.
    public var maximumOpenFiles: Int?

    /// Limits on the connections and requests of each client address; nil, the default, sets no limits.
    public var clientLimits: ClientLimits?

    /// Whether a half-closed client still gets the response of a Deferred or a stream (RFC 9112 §9.6 permits both). By
    /// default EOF counts as a disconnect, because a closed client gives no other sign: waiting handlers are cancelled.
    /// A file, which needs no handler, is sent in any case over HTTP/1, and so is what was written before. nginx does
    /// the same: it sends files, and gives up requests to upstreams (`proxy_ignore_client_abort`). Go answers, with the
    /// request's context cancelled; Node ends the connection (`httpAllowHalfOpen`).
    public var answersHalfClosedClients = false

    /// The reverse proxies in front, whose fields tell of the client: see `Request.clientAddress`. nil, the default,
    /// believes no field.
    public var trustedProxies: TrustedProxies?

    /// The proxies in front whose connections begin with a header of the PROXY protocol. nil, the default, if there is
    /// no such proxy.
    public var proxyProtocol: ProxyProtocol?

    /// How answers are compressed; nil, the default, sends them as they are.
    public var compression: Compression?

    /// The limit of a body that is decoded for the handler, in bytes: what a client sends in gzip, deflate, brotli or
    /// zstd (Content-Encoding) arrives in `request.body` without that; the fields stay as they were sent. Beyond it:
    /// 413; 415 for another coding, 400 if it is invalid: for a streamed request the loop over its body throws that.
    /// nil, the default, leaves bodies as they are sent. Tornado: `decompress_request`.
    public var decodedBodyBytes: Int?

    /// The `Server` field of every response; nil omits it (RFC 9110 §10.2.4).
    public var serverName: String?

    /// How long a stop first serves as before, while `readiness` routes answer 503: so that load balancers that ask
    /// there turn away before connections are refused. Zero by default; a stop within a grace period of zero skips it.
    /// Kubernetes: a `preStop` hook that sleeps.
    public var stopNotice: Duration = .zero

    /// How long `stop()` waits for requests in progress by default, and how long the reactor's shutdown waits.
    public var gracePeriod: Duration = .seconds(10)

    /// The defaults.
    public init() {
      limits = HTTPLimits()
      limits.bodyBytes = 1024 * 1024
    }
  }
}

extension HTTPServer.Configuration {
  /// The options for the machine of a connection.
  func machineOptions(for handler: HTTPServer.Handler) -> ServerMachine.Options {
    var options = ServerMachine.Options()
    options.limits = limits
    options.pipelineDepth = pipelineDepth
    options.pipelineBytes = pipelineBytes
    options.lingerBytes = lingerBytes
    options.answersHalfClosedClients = answersHalfClosedClients
    if case .streaming = handler { options.streamsContent = true }
    return options
  }
}

#if HTTP2
extension HTTPServer.Configuration {
  /// What a connection announces.
  var http2Settings: HTTP2Settings {
    var settings = HTTP2Settings()
    settings.streams = streamsPerConnection
    settings.takesConnectProtocol = true
    settings.fieldBytes = limits.headBytes
    // What a handler that has enough may be sent until the client waits, on each stream.
    settings.streamWindow = 256 * 1024
    return settings
  }

  /// What is offered in TLS (ALPN, RFC 7301).
  var applicationProtocols: [String] { (http2 ? ["h2"] : []) + ["http/1.1", "http/1.0"] }
}
#else
extension HTTPServer.Configuration {
  /// What is offered in TLS (ALPN, RFC 7301).
  var applicationProtocols: [String] { ["http/1.1", "http/1.0"] }
}
#endif

/// The times of a configuration in nanoseconds, converted once.
struct ServerTimes {
  let head: Int64
  let body: Int64
  let idle: Int64
  let write: Int64
  /// The minimum number of bytes that the client must take in that time.
  let leastWritten: Int
  /// `Int64.max` without a limit.
  let handler: Int64
  let linger: Int64
  let nanosecondsPerBodyByte: Int64

  init(_ configuration: HTTPServer.Configuration) {
    head = Self.bounded(configuration.headTimeout)
    body = Self.bounded(configuration.bodyTimeout)
    idle = Self.bounded(configuration.idleTimeout)
    write = Self.bounded(configuration.writeTimeout)
    leastWritten = max(1, Int(min(Double(write) / 1e9 * Double(configuration.minimumWriteRate), 1e15)))
    handler = configuration.handlerTimeout.map(Self.bounded) ?? .max
    linger = Self.bounded(configuration.lingerTimeout)
    nanosecondsPerBodyByte = 1_000_000_000 / Int64(max(1, configuration.minimumBodyRate))
  }

  /// The time for content of which so much has come. Moves `start` back where more has come than was due: a client that
  /// begins fast may not be slow later on that account.
  func contentDeadline(from start: inout Int64, received: Int, at now: Int64) -> Int64 {
    let deadline = start + body + Int64(received) * nanosecondsPerBodyByte
    let latest = now + body
    if deadline <= latest { return deadline }
    start -= deadline - latest
    return latest
  }

  /// Clamped to a century, so that adding it to a time cannot overflow.
  private static func bounded(_ duration: Duration) -> Int64 {
    min(duration.nanoseconds, 100 * 365 * 24 * 3600 * 1_000_000_000)
  }
}
