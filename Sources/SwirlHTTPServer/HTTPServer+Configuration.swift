import SwirlDeferred
public import SwirlHTTPCore
import SwirlReactor

extension HTTPServer {
  /// How much a server takes from a client, and how long it waits.
  public struct Configuration: Sendable {
    /// What a request may be made of. The body is limited to 1 MiB unless this says otherwise; beyond it: 413.
    public var limits: HTTPLimits

    /// From the first byte of a head, or from the connection's beginning, to the head's end. Then 408, or without a byte of a
    /// request the connection is closed in silence.
    public var headTimeout: Duration = .seconds(30)

    /// From a head to the end of its body, and longer by what comes: see `minimumBodyRate`. Then 408.
    public var bodyTimeout: Duration = .seconds(30)

    /// Each so many bytes of a body give its client another second, so that a large upload may take its time and a drip may
    /// not.
    public var minimumBodyRate = 1024

    /// How long a connection is kept between two requests.
    public var idleTimeout: Duration = .seconds(75)

    /// How long a client may take nothing, or less than `minimumWriteRate`, of what is sent to it before the connection is aborted.
    public var writeTimeout: Duration = .seconds(60)

    /// How many bytes a second a client has to take of an answer that waits for it, over each `writeTimeout`: a reader of a byte a
    /// second must not hold an answer in memory. Kestrel: `MinResponseDataRate`.
    public var minimumWriteRate = 240

    /// How long a handler's Deferred may take; nil, the default, as long as it likes. Then it is cancelled and the client answered
    /// with 503. It counts from when the handler is called; while a streamed body comes, from the end of that or from when the
    /// handler has stopped taking it. Go: `http.TimeoutHandler`.
    public var handlerTimeout: Duration?

    /// How long, after an answer that ends a connection in the middle of a request, what the client still sends is taken and
    /// dropped, so that the answer is not lost to a reset (RFC 9112 §9.6).
    public var lingerTimeout: Duration = .seconds(2)

    /// How many bytes are dropped in that time at most.
    public var lingerBytes = 1024 * 1024

    /// How many requests of one connection are handled at once. By default one, as nginx, Go and Twisted do: the handler is called for
    /// a request that came early (pipelining) when the one before is answered, so that answers do not pile up in memory. With
    /// more, handlers that answer later overlap; each of their answers is held until its turn.
    public var pipelineDepth = 1

    /// With a greater depth: how many bytes requests under way and answers that wait for their turn may have together before no
    /// other handler is called. Also how much is read ahead of requests that wait for their turn.
    public var pipelineBytes = 64 * 1024

    /// How many connections may be open; one more is answered with 503. nil leaves it to the limit of descriptors.
    public var maximumConnections: Int?

    /// Whether a client that has ended its sending side is still answered by a Deferred or a stream (RFC 9112 §9.6 lets
    /// either be). By default that counts as gone, because nothing else tells of a client that has closed.
    public var answersHalfClosedClients = false

    /// The `Server` field of every response; none when nil (RFC 9110 §10.2.4).
    public var serverName: String?

    /// How long `stop()` waits for requests under way unless it is told, and how long the reactor's shutdown waits.
    public var gracePeriod: Duration = .seconds(10)

    /// The defaults.
    public init() {
      limits = HTTPLimits()
      limits.bodyBytes = 1024 * 1024
    }
  }
}

extension HTTPServer.Configuration {
  /// What of it the machine of a connection needs.
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

/// The times of a configuration in nanoseconds, converted once.
struct ServerTimes {
  let head: Int64
  let body: Int64
  let idle: Int64
  let write: Int64
  /// How many bytes are to be taken in that time.
  let leastWritten: Int
  /// `Int64.max` for none.
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

  /// A century for what is longer, so that a moment can be added to it.
  private static func bounded(_ duration: Duration) -> Int64 {
    min(duration.nanoseconds, 100 * 365 * 24 * 3600 * 1_000_000_000)
  }
}
