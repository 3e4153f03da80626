public import HTTPTypes
import SwirlContent
public import SwirlHTTPCore
public import SwirlNet
import SwirlReactor
public import SwirlTLS

extension HTTPClient {
  /// The defaults for the requests of a client. Every limit has a value, so that no buffer or queue grows without
  /// bound.
  public struct Configuration: Sendable {
    /// The time limit for connecting, including name resolution and the TLS handshake.
    public var connectTimeout: Duration = .seconds(10)
    /// The time limit for a whole request, including the wait for a connection; nil for no limit.
    public var timeout: Duration? = .seconds(60)
    /// The time limit until a request has a connection, new or kept; nil leaves only the other limits.
    public var waitTimeout: Duration?
    /// The maximum number of connections to one origin; further requests wait in FIFO order.
    public var connectionsPerOrigin = 100
    /// The maximum total number of connections.
    public var connections = 1000
    /// How long an idle connection is kept; zero closes it at once.
    public var idleTimeout: Duration = .seconds(30)
    /// How long a connection is reused before a new one, which resolves the name again, replaces it; nil for no limit,
    /// zero for one request each.
    public var connectionLifetime: Duration? = .seconds(600)
    /// The maximum content of a response, in bytes.
    public var maximumBodySize = 100 * 1024 * 1024
    /// Whether to decode content codings: gzip, deflate, Brotli and Zstandard, which requests then announce. The
    /// decoded size counts for `maximumBodySize`. Content in another coding stays encoded:
    /// ``HTTPClient/Response/contentCodings`` says so.
    public var decodesContent = true
    /// The maximum number of decoded bytes per received byte, above 16 MiB; nil for no limit. It stops decompression
    /// bombs where `maximumBodySize` does not apply: in a stream, a download, and between two codings. Any gzip is
    /// within the default, 2,000.
    public var maximumDecodingRatio: Int? = ContentLimits.defaultRatio
    /// How to treat redirects.
    public var redirects = Redirects.follow()
    /// The proxies for requests; by default no proxy.
    public var proxies = ProxySettings.none
    /// A filter of allowed addresses; nil allows all. For a program that fetches URLs from strangers: the text of a URL
    /// is no protection, because a name or a redirect may lead to any address.
    ///
    /// Called on the reactor's thread for each address before connecting: those of a name, each time it is resolved,
    /// and those of redirects. An IPv4 address in an IPv6 one (`::ffff:127.0.0.1`) comes as IPv4, and a Unix socket as
    /// its path. If no address is allowed the request fails with ``HTTPError/Code/cannotConnect``, and the error names
    /// them.
    ///
    /// A configured proxy is trusted, and not filtered. An address in a URL is filtered before the proxy gets it; the
    /// proxy resolves names, and must have its own rules.
    ///
    /// ```swift
    /// configuration.allowsAddress = { $0.isGlobal && [80, 443].contains($0.port) }
    /// ```
    public var allowsAddress: (@Sendable (SocketAddress) -> Bool)?
    /// The options of TCP connections, also of those to proxies: keepalive, buffers, a source address.
    public var socketOptions = SocketOptions()
    /// The TLS configuration for `https`: roots, a client certificate, pins, versions.
    public var tls = TLSConfiguration()
    /// The TLS configuration for `https` proxies: neither the client certificate nor the pins for origins are for them.
    public var proxyTLS = TLSConfiguration()
    /// The limits on heads, trailers and chunks of responses.
    public var limits = HTTPLimits.responses
    /// Whether a response that deviates from RFC 9112 is an error, even if a user agent may accept it. False by
    /// default, because real servers do deviate.
    ///
    /// If false, it accepts: folded fields; lines of a head that end with a bare line feed, after which the connection
    /// is not reused; control characters other than NUL in values, which are never sent on; Content-Length beside
    /// chunks, and chunks in HTTP/1.0, after which the connection is not reused and the response not cached; blanks
    /// behind a chunk's size; and content in an unknown coding, which stays encoded. Responses through a proxy are
    /// always parsed strictly.
    public var strictResponses = false
    #if HTTP2
    /// Whether requests use HTTP/2 (RFC 9113), which carries many of them on one connection. ``Request/http2`` is for
    /// one request.
    public var http2 = HTTP2Use.negotiated
    /// The origins, such as `http://127.0.0.1:50051`, whose servers are known to speak HTTP/2: requests to them use it
    /// with `.priorKnowledge`, whatever ``http2`` is, unless ``Request/http2`` says otherwise. A text that is no URL of
    /// an origin traps when the client is made.
    public var http2PriorKnowledgeOrigins: Set<String> = []
    /// The maximum number of HTTP/2 connections to one origin: a second one is made when the streams that the server
    /// allows on the first are in use (RFC 9113 §5.1.2). `connectionsPerOrigin` holds as well.
    public var http2ConnectionsPerOrigin = 2
    #endif
    /// Fields for every request that does not set them itself.
    public var headers: HTTPFields = [.userAgent: "Swirl/\(swirlVersion)", .accept: "*/*"]

    /// The defaults.
    public init() {}
  }
}
