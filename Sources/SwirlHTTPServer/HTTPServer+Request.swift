public import HTTPTypes
public import SwirlHTTPCore
public import SwirlNet
import Synchronization

extension HTTPServer {
  /// A request with its whole body.
  ///
  /// A value: it may be stored, and sent to other threads.
  public struct Request: Sendable {
    /// The request line and the fields, as received.
    public let head: RequestHead

    /// The content; empty without one.
    public let body: [UInt8]

    /// The trailer fields, if any (RFC 9110 §6.5).
    public let trailers: HTTPFields?

    let connection: ConnectionFacts

    /// Its route, and what interceptors have stored.
    var context: RequestContext?

    /// Its number in the connection, or its stream; negative if nothing can be sent to its client yet.
    let number: Int

    init(
      _ head: RequestHead, body: [UInt8] = [], trailers: HTTPFields? = nil, connection: ConnectionFacts,
      number: Int = -1
    ) {
      self.number = number
      self.head = head
      self.body = body
      self.trailers = trailers
      self.connection = connection
    }

    /// The method; methods are case-sensitive (RFC 9110 §9.1).
    public var method: HTTPRequest.Method { head.method }

    /// The version of the client.
    public var version: HTTPVersion { head.version }

    /// The target as received (RFC 9112 §3.2).
    public var target: String { head.target }

    /// The path of the target, still percent-encoded. Tornado: `request.path`; aiohttp: `raw_path`.
    public var path: String { head.path }

    /// The part behind the first `?` of the target, still encoded; nil without one.
    public var query: String? { head.query }

    /// The requested host and port (RFC 9112 §3.3).
    public var authority: String? { head.authority }

    /// All fields. Builds a new value on each access: for one field use the subscript.
    public var headers: HTTPFields { head.fields }

    /// The value of the first field with this name, case-insensitive; builds only the value.
    public subscript(name: String) -> String? { head[name] }

    /// The value of the first field with this name.
    public subscript(name: HTTPField.Name) -> String? { head[name.canonicalName] }

    /// The content as UTF-8 text; invalid bytes become U+FFFD.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The address of the connection's other end: the client's, or that of a proxy in front: see ``clientAddress``. nil
    /// for a connection without one.
    public var peerAddress: SocketAddress? { connection.peer }

    /// The TLS parameters of the connection, with the client's certificate, if any; nil without TLS.
    public var tls: TLSInfo? { connection.tls }

    /// The request line for a log: `GET /path HTTP/1.1`. `REDACTED` stands for values in the query that look like keys
    /// or tokens.
    public var requestLine: String { "\(method.rawValue) \(target.redactedURL) \(version)" }
  }
}

/// The common facts of all requests of a connection: one object, so that a request does not copy an address.
final class ConnectionFacts: Sendable {
  let peer: SocketAddress?
  let tls: TLSInfo?
  let trustedProxies: HTTPServer.TrustedProxies?
  /// nil for a request that a test has made.
  let server: ServerState?
  let channel: HintChannel?
  /// The files that it is sent: see `CountedFile`.
  let openFiles = Atomic(0)
  /// The files for it that a thread opens.
  let openingFiles = Atomic(0)

  init(
    peer: SocketAddress?, tls: TLSInfo?, trustedProxies: HTTPServer.TrustedProxies? = nil,
    server: ServerState? = nil, channel: HintChannel? = nil
  ) {
    self.channel = channel
    self.peer = peer
    self.tls = tls
    self.trustedProxies = trustedProxies
    self.server = server
  }

  convenience init(_ transport: any Transport, of server: HTTPServer) {
    self.init(
      peer: transport.peerAddress, tls: transport.tlsInfo, trustedProxies: server.configuration.trustedProxies,
      server: server.state, channel: HintChannel(transport.reactor))
  }
}
