public import HTTPTypes
public import SwirlDeferred
public import SwirlHTTPCore
public import SwirlNet
public import SwirlReactor

extension HTTPServer {
  /// A server whose handler is called as soon as the head of a request is there, and takes the body while it comes.
  ///
  /// ```swift
  /// HTTPServer.streaming { request in
  ///   Deferred {
  ///     var count = 0
  ///     for try await bytes in request.body { count += bytes.count }
  ///     return .text("\(count) bytes\n")
  ///   }
  /// }
  /// ```
  ///
  /// It is called on the reactor's thread. The limit on bodies is as with other servers (``decideOnBody`` may set it for each
  /// request): beyond it the client is answered 413 and the handler's Deferred cancelled. The time of a body stands still
  /// while the handler makes the client wait. A handler may answer before it has taken all: what is still to come is then
  /// dropped, and the connection closed after the answer. An answer that is a stream may be written while the body comes.
  /// Fields behind the content are left away.
  ///
  /// aiohttp: `request.content`; Tornado: `stream_request_body`.
  public static func streaming(
    configuration: Configuration = Configuration(),
    _ handler: @escaping (StreamedRequest) throws -> Deferred<Response>
  ) -> HTTPServer {
    HTTPServer(configuration, .streaming(handler))
  }

  /// A request whose body is still to come.
  ///
  /// A value: it may be kept, and given to other threads. Letting go of it without reading the body means that it is not
  /// wanted.
  public struct StreamedRequest: Sendable {
    /// The request line and the fields, as they came.
    public var head: RequestHead { request.head }

    /// The content, in pieces as they came from the network, for one loop on any thread; empty where there is none.
    ///
    /// When more than 128 KiB wait to be taken nothing is read from the connection until no more than 32 KiB do. The loop
    /// throws ``ClientDisconnectedError`` when the client goes away before the end, a ``StatusError`` of what the client was
    /// answered when the body is too large, too slow or malformed, and `CancelledError` when the request was answered before
    /// the body was there.
    public let body: ReactorStream<[UInt8]>

    /// The same without a body.
    let request: Request

    init(_ request: Request, body: ReactorStream<[UInt8]>) {
      self.request = request
      self.body = body
    }

    /// The method; methods are case-sensitive (RFC 9110 §9.1).
    public var method: HTTPRequest.Method { head.method }

    /// The target as it was sent (RFC 9112 §3.2).
    public var target: String { head.target }

    /// The path of the target, still percent-encoded.
    public var path: String { head.path }

    /// What follows the first `?` of the target, still encoded; nil where there is none.
    public var query: String? { head.query }

    /// How many bytes the client says the body has; nil where it comes in chunks.
    public var contentLength: Int? { head.contentLength }

    /// All fields. Built each time: for one field use the subscript.
    public var headers: HTTPFields { head.fields }

    /// The value of the first field with this name, whatever its case; builds nothing but the value.
    public subscript(name: String) -> String? { head[name] }

    /// The value of the first field with this name.
    public subscript(name: HTTPField.Name) -> String? { head[name.canonicalName] }

    /// Where the client is. nil for a connection that has no address.
    public var peerAddress: SocketAddress? { request.peerAddress }

    /// How the connection is secured, and who the client is where it has shown a certificate; nil without TLS.
    public var tls: TLSInfo? { request.tls }

    /// The request line, as for a log: `PUT /path HTTP/1.1`.
    public var requestLine: String { request.requestLine }
  }
}
