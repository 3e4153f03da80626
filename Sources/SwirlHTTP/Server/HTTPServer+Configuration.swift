public import SwirlHTTPWire
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

    /// How long a client may take nothing of what is sent to it before the connection is aborted.
    public var writeTimeout: Duration = .seconds(60)

    /// How long, after an answer that ends a connection in the middle of a request, what the client still sends is taken and
    /// dropped, so that the answer is not lost to a reset (RFC 9112 §9.6).
    public var lingerTimeout: Duration = .seconds(2)

    /// How many bytes are dropped in that time at most.
    public var lingerBytes = 1024 * 1024

    /// How many requests of one connection may wait for their answers. Beyond it no more is read from the connection.
    public var pipelineDepth = 16

    /// How many bytes the heads and bodies of those may have together before no more is read.
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

/// The times of a configuration in nanoseconds, converted once.
struct ServerTimes {
  let head: Int64
  let body: Int64
  let idle: Int64
  let write: Int64
  let linger: Int64
  let nanosecondsPerBodyByte: Int64

  init(_ configuration: HTTPServer.Configuration) {
    head = configuration.headTimeout.nanoseconds
    body = configuration.bodyTimeout.nanoseconds
    idle = configuration.idleTimeout.nanoseconds
    write = configuration.writeTimeout.nanoseconds
    linger = configuration.lingerTimeout.nanoseconds
    nanosecondsPerBodyByte = 1_000_000_000 / Int64(max(1, configuration.minimumBodyRate))
  }
}
