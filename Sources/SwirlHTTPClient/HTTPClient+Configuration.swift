public import HTTPTypes
import SwirlContent
public import SwirlHTTPCore
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
    /// What comes out counts for `maximumBodySize`. Content in another coding is given as it came:
    /// ``HTTPClient/Response/contentCodings`` says so.
    public var decodesContent = true
    /// How many bytes one byte may stand for that came in a coding, once more than 16 MiB were decoded; nil for no limit. It stops a
    /// decompression bomb where `maximumBodySize` does not count: in a stream, a download, and between two codings. Any gzip is
    /// within the default, 2,000.
    public var maximumDecodingRatio: Int? = ContentLimits.defaultRatio
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
    public var limits = HTTPLimits.responses
    /// Whether an answer that departs from RFC 9112 is an error, though a user agent may take it; false, since servers do depart.
    ///
    /// What is taken otherwise: folded fields; lines of a head that end with a line feed alone, after which the connection is not
    /// used again; control characters other than NUL in values, which are never sent on; Content-Length beside chunks, and chunks in
    /// HTTP/1.0, after which the connection is not used again and the answer not kept by a cache; blanks behind a chunk's size; and
    /// content in a coding that is not known, which is given as it came. What comes through a proxy is always read to the letter.
    public var strictResponses = false
    /// Fields that go with every request that does not set them itself.
    public var headers: HTTPFields = [.userAgent: "Swirl", .accept: "*/*"]

    /// The defaults.
    public init() {}
  }
}
