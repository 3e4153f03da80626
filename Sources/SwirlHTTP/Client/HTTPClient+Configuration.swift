public import HTTPTypes
public import SwirlHTTPWire
public import SwirlNet

extension HTTPClient {
  /// What a client does unless a request says otherwise. Every limit has a value: nothing grows without a bound.
  public struct Configuration: Sendable {
    /// The time for a connection to be made, resolving the name and the TLS handshake included.
    public var connectTimeout: Duration = .seconds(10)
    /// The time for a whole request, waiting for a connection included; nil for no bound.
    public var timeout: Duration? = .seconds(60)
    /// The time until there is a connection for a request, whether one has to be made or to become free; nil for no bound but
    /// the others.
    public var waitTimeout: Duration?
    /// How many connections there may be to one origin; requests beyond wait in order.
    public var connectionsPerOrigin = 100
    /// How many connections there may be in all.
    public var connections = 1000
    /// How long a connection without a request is kept; zero keeps none.
    public var idleTimeout: Duration = .seconds(30)
    /// How long a connection is used before it gives way to a new one, which finds the addresses that the name has by then; nil for as
    /// long as it lasts, zero for one request each.
    public var connectionLifetime: Duration? = .seconds(600)
    /// How much content a response may have, in bytes.
    public var maximumBodySize = 100 * 1024 * 1024
    /// Whether content that comes in a coding is decoded: gzip, deflate, Brotli and Zstandard, which servers are then told of.
    /// What comes out counts for `maximumBodySize`, and may be no more than a thousand times what came.
    public var decodesContent = true
    /// What is done about redirects.
    public var redirects = Redirects.follow()
    /// The proxies that requests go through: none, unless told otherwise.
    public var proxies = ProxySettings.none
    /// Which addresses may be connected to; nil for all. For a program that fetches what strangers name: a URL cannot be judged by its
    /// text, since a name or a redirect may lead to any address.
    ///
    /// Asked on the reactor's thread for each address before it is connected to: those that a name has, each time it is resolved, and
    /// those that redirects lead to. An IPv4 address in an IPv6 one (`::ffff:127.0.0.1`) comes as IPv4, and a Unix socket as its
    /// path. Where none is left the request fails with ``HTTPError/Code/cannotConnect``, and the error names them.
    ///
    /// A proxy that is configured is trusted, and not asked about. An address in a URL is asked about before a proxy is; a name is
    /// resolved by the proxy, which has to have rules of its own.
    ///
    /// ```swift
    /// configuration.allowsAddress = { $0.isGlobal && [80, 443].contains($0.port) }
    /// ```
    public var allowsAddress: (@Sendable (SocketAddress) -> Bool)?
    /// How connections to `https` URLs are secured: roots, a certificate of one's own, pins, versions.
    public var tls = TLSConfiguration()
    /// The limits on everything else that a server sends.
    public var limits = HTTPLimits()
    /// Fields that go with every request that does not set them itself.
    public var headers: HTTPFields = [.userAgent: "Swirl", .accept: "*/*"]

    /// The defaults.
    public init() {}
  }
}
