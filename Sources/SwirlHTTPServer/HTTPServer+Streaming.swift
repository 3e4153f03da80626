public import HTTPTypes
public import SwirlDeferred
public import SwirlHTTPCore
public import SwirlNet
public import SwirlReactor

extension HTTPServer {
  /// A server whose handler is called when the head of a request has arrived, and reads the body as it arrives.
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
  /// The handler runs on the reactor's thread. A client that waits for a `100 Continue` gets it when the handler reads
  /// the body, so that one that is answered without need not send it (RFC 9110 §10.1.1). The limit on bodies
  /// is the same as for other servers (``decideOnBody`` may set it for each request): beyond it the client gets a 413
  /// and the handler's Deferred is cancelled. The body timeout pauses while the handler applies back-pressure. A
  /// handler may answer before it has read the whole body: the rest is then dropped, and the connection closes after
  /// the response. A streamed response may be written while the body arrives.
  ///
  /// aiohttp: `request.content`; Tornado: `stream_request_body`.
  public static func streaming(
    configuration: Configuration = Configuration(),
    _ handler: @escaping (StreamedRequest) throws -> Deferred<Response>
  ) -> HTTPServer {
    HTTPServer(configuration, .streaming(handler))
  }

  /// For an initializer of another module.
  package convenience init(
    streaming configuration: Configuration, _ handler: @escaping (StreamedRequest) throws -> Deferred<Response>
  ) {
    self.init(configuration, .streaming(handler))
  }

  /// A request whose body is still arriving.
  ///
  /// A value: it may be stored, and sent to other threads. Releasing it without reading the body means that the body is
  /// unwanted.
  public struct StreamedRequest: Sendable {
    /// The request line and the fields, as received.
    public var head: RequestHead { request.head }

    /// The content, in pieces as they arrive, for one loop on any thread; empty without content.
    ///
    /// Above 128 KiB of buffered bytes the connection stops reading, and resumes at 32 KiB. The loop throws
    /// ``ClientDisconnectedError`` if the client disconnects before the end, the ``StatusError`` of the response if the
    /// body is too large, too slow or malformed, and `CancelledError` if the request was answered before the body was
    /// complete.
    public let body: ReactorStream<[UInt8]>

    /// The trailer fields (RFC 9110 §6.5), on any thread: nil without any, and until `body` has ended.
    public var trailers: HTTPFields? { lateTrailers.fields }

    /// The request without its body.
    package private(set) var request: Request
    private let lateTrailers: LateTrailers

    init(_ request: Request, body: ReactorStream<[UInt8]>, trailers: LateTrailers) {
      self.request = request
      self.body = body
      lateTrailers = trailers
    }

    /// The stream of this one, for a request that interceptors have changed.
    func with(_ request: Request) -> StreamedRequest {
      var copy = self
      copy.request = request
      return copy
    }

    /// The method; methods are case-sensitive (RFC 9110 §9.1).
    public var method: HTTPRequest.Method { head.method }

    /// The target as received (RFC 9112 §3.2).
    public var target: String { head.target }

    /// The path of the target, still percent-encoded.
    public var path: String { head.path }

    /// The part behind the first `?` of the target, still encoded; nil without one.
    public var query: String? { head.query }

    /// The length of the body by its Content-Length; nil if it is chunked.
    public var contentLength: Int? { head.contentLength }

    /// All fields. Builds a new value on each access: for one field use the subscript.
    public var headers: HTTPFields { head.fields }

    /// The value of the first field with this name, case-insensitive; builds only the value.
    public subscript(name: String) -> String? { head[name] }

    /// The value of the first field with this name.
    public subscript(name: HTTPField.Name) -> String? { head[name.canonicalName] }

    /// The client's address; nil for a connection without one.
    public var peerAddress: SocketAddress? { request.peerAddress }

    /// The TLS parameters of the connection, with the client's certificate, if any; nil without TLS.
    public var tls: TLSInfo? { request.tls }

    /// The request line for a log: `PUT /path HTTP/1.1`.
    public var requestLine: String { request.requestLine }
  }
}
