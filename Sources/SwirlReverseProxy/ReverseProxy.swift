import HTTPTypes
public import Logging
public import SwirlDeferred
import SwirlHTTPClient
import SwirlHTTPCore
public import SwirlHTTPServer
public import SwirlReactor

/// Passes requests to another server, and its answers back, as a handler (RFC 9110 §3.7: a gateway).
///
/// ```swift
/// let server = HTTPServer(ReverseProxy(to: "http://127.0.0.1:9000"))
///
/// router.any("/api/{path*}", ReverseProxy(to: ["http://127.0.0.1:9001", "http://127.0.0.1:9002"]))
/// ```
///
/// Both directions are streamed: a slow client makes the upstream wait, and the reverse, so that a body of any length
/// costs little memory. (The server's limit on bodies applies; nil lets all pass.) A client's `Expect: 100-continue` is
/// the upstream's to answer. WebSockets pass, over HTTP/1 and HTTP/2.
///
/// Fields of one connection stay on it (RFC 9110 §7.6.1), `Via` is added, and `X-Forwarded-For`, `-Host`, `-Proto` and
/// `Forwarded` are written from what this server sees: those of a client are replaced, those of its
/// `HTTPServer.Configuration.trustedProxies` extended. Path and query pass byte by byte; a path with a `.` or `..` in
/// it is refused with 400, since the upstream might take it for another one than the routes here.
///
/// Nothing else is done to a message: no redirect is followed, no content decoded, no cookie kept. A request is
/// repeated only if the upstream has closed a kept connection before a byte of the answer came, and the method is
/// idempotent and without content.
///
/// An upstream that can't be reached, or whose answer departs from RFC 9112, is a 502; one that is late a 504; both are
/// logged with the reason, and go through `HTTPServer.onError`. If the upstream fails in the middle of a body, the
/// client's connection is broken (in HTTP/2 its stream), so that a part is not taken for the whole. If the client
/// leaves, the request to the upstream ends at once.
///
/// Of several upstreams each gets a request in turn; one that refuses connections is left out for
/// ``Configuration/failurePause``, and the request goes to the next. Use it on the thread of one reactor.
///
/// nginx: `proxy_pass`; Go: `httputil.ReverseProxy`; Twisted: `ReverseProxyResource`.
public final class ReverseProxy {
  /// How requests are passed on.
  public let configuration: Configuration

  /// The logger for what fails between this proxy and its upstreams.
  public var logger = Logger(label: "swirl.http.proxy")

  /// The connections to the upstreams.
  let client: HTTPClient
  let upstreams: Upstreams
  /// The name in Via, by which a request that comes back is found.
  let pseudonym: String

  /// - Parameters:
  ///   - upstream: the URL of the server: `http://127.0.0.1:9000`, `https://…` or `http+unix://%2Frun%2Fapp.sock`. Its
  ///     path, if it has one, comes before the paths of requests. Text that is no such URL traps.
  ///   - configuration: how requests are passed on.
  ///   - reactor: where it works; that of this thread by default.
  public convenience init(
    to upstream: String, configuration: Configuration = Configuration(), on reactor: Reactor = .current
  ) {
    self.init(to: [upstream], configuration: configuration, on: reactor)
  }

  /// - Parameters:
  ///   - upstreams: the URLs of servers that do the same, one at least.
  ///   - configuration: how requests are passed on.
  ///   - reactor: where it works; that of this thread by default.
  public init(to upstreams: [String], configuration: Configuration = Configuration(), on reactor: Reactor = .current) {
    require(!upstreams.isEmpty, "a reverse proxy has one upstream at least")
    self.configuration = configuration
    self.upstreams = Upstreams(upstreams.map(Upstream.init), pause: configuration.failurePause)
    pseudonym = configuration.name ?? Self.makeName()
    client = HTTPClient(configuration.strictClient, on: reactor)
    client.middleware = []
  }

  private static func makeName() -> String {
    "swirl-" + String(UInt32.random(in: UInt32.min...UInt32.max), radix: 16)
  }

  /// Passes a request on. The Deferred fires when the head of the answer is there, and fails with a
  /// `HTTPServer.StatusError` where the proxy answers by itself. Cancelling it ends the request to the upstream.
  ///
  /// ```swift
  /// HTTPServer.streaming { request in
  ///   guard request["X-Key"] == key else { throw HTTPServer.StatusError(.unauthorized) }
  ///   return proxy.respond(to: request).addCallback { response in response.with("X-Frame-Options", "DENY") }
  /// }
  /// ```
  public func respond(to request: HTTPServer.StreamedRequest) -> Deferred<HTTPServer.Response> {
    if OutgoingRequest.isForProxy(request.head) { return .succeed(.status(.noContent)) }
    do throws(HTTPServer.StatusError) {
      let outgoing = try OutgoingRequest(request, by: self)
      return Forwarding(request, outgoing, by: self).start()
    } catch {
      return .fail(error)
    }
  }

  /// Passes on a request whose body is there. See above.
  public func respond(to request: HTTPServer.Request) -> Deferred<HTTPServer.Response> {
    respond(to: HTTPServer.StreamedRequest(request))
  }
}

@available(*, unavailable, message: "It belongs to the thread of its reactor: make one for each")
extension ReverseProxy: Sendable {}
