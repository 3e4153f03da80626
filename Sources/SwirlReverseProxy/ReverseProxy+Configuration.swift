public import SwirlHTTPClient
import SwirlHTTPCore

extension ReverseProxy {
  /// How requests are passed on.
  public struct Configuration: Sendable {
    /// What the upstream gets in Host.
    public enum Host: Sendable, Hashable {
      /// What the client sent: links and origins that the upstream makes or checks are those of the client.
      case client
      /// The host and port of the upstream's URL, for a server that chooses by it. nginx: `$proxy_host`.
      case upstream
      /// This host, with a port or without.
      case fixed(String)
    }

    /// What the upstream gets in Host.
    public var host = Host.client

    /// The beginning of the paths of requests that the upstream does not know: `/api`. A request with another path gets
    /// a 404. Empty by default. Go: `http.StripPrefix`.
    public var strippedPrefix = ""

    /// How long an upstream may neither take content nor send anything, while the client is not slower; after that 504.
    /// The time in which the client sends or takes its part does not count. nginx: `proxy_read_timeout`.
    public var responseTimeout: Duration = .seconds(60)

    /// How long a request may wait for a connection to an upstream, new or kept; after that 504. nginx:
    /// `proxy_connect_timeout`.
    public var connectTimeout: Duration = .seconds(10)

    /// How long an upstream that could not be connected to gets no requests while there are others. nginx:
    /// `fail_timeout`.
    public var failurePause: Duration = .seconds(10)

    /// Whether paths with a segment `.` or `..` pass, encoded or not; otherwise they are refused with 400. Clients
    /// remove such segments themselves (RFC 3986 §5.2.4); an upstream that removes them may be asked for a path that
    /// the routes here would not have passed on.
    public var passesDotSegments = false

    /// The name of this proxy in `Via`; nil, the default, is one of its own, made at random. A request that has the
    /// name already has come back, and gets a 508. Proxies of one service with the same name find loops through each
    /// other, too; one behind the other have different names.
    public var name: String?

    /// The connections to upstreams: their number, TLS, HTTP/2, limits on answers. Its timeouts, redirects, fields and
    /// leniency do not apply. Upstreams are asked in HTTP/1.1 unless `HTTPClient` is set.
    public var client: HTTPClient.Configuration

    /// The defaults.
    public init() {
      client = HTTPClient.Configuration()
      client.connectionsPerOrigin = 1000
      #if HTTP2
      client.http2 = .off
      #endif
    }

    /// Whether an upstream may be asked in HTTP/2.
    var mayUseHTTP2: Bool {
      #if HTTP2
      client.http2 != .off || !client.http2PriorKnowledgeOrigins.isEmpty
      #else
      false
      #endif
    }

    /// The configuration of the client, without what is not a proxy's to do.
    var strictClient: HTTPClient.Configuration {
      var client = client
      client.strictResponses = true
      client.decodesContent = false
      client.redirects = .none
      client.headers = [:]
      client.timeout = nil
      client.waitTimeout = connectTimeout
      client.connectTimeout = connectTimeout
      return client
    }
  }
}
