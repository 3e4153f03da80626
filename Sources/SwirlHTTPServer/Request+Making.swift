public import HTTPTypes
public import SwirlHTTPCore
public import SwirlNet
public import SwirlReactor

extension HTTPServer.Request {
  /// A request as a client would send it: to call a handler without a server.
  ///
  /// ```swift
  /// let response = try greet(HTTPServer.Request("/hello", method: .post, body: Array("you".utf8)))
  /// ```
  ///
  /// - Parameters:
  ///   - target: the path and query, percent-encoded, or one of the other forms of a target (RFC 9112 §3.2).
  ///   - method: the method.
  ///   - headers: its fields. Adds `Host: localhost` if it is missing, and Content-Length if the request has
  ///     content.
  ///   - body: the content.
  ///   - trailers: the fields behind the content.
  ///   - peerAddress: where the client is.
  /// - Throws: `HTTPWireError` for what no client could send: a target with a blank, a field with a line break.
  public init(
    _ target: String, method: HTTPRequest.Method = .get, headers: HTTPFields = [:], body: [UInt8] = [],
    trailers: HTTPFields? = nil, peerAddress: SocketAddress? = nil
  ) throws(HTTPWireError) {
    let isChunked = trailers != nil || headers.contains(.transferEncoding)
    let framing: BodyFraming = isChunked ? .chunked : body.isEmpty ? .none : .contentLength(body.count)
    self.init(
      try RequestHead(target, method: method, headers: headers, framing: framing), body: body, trailers: trailers,
      connection: ConnectionFacts(peer: peerAddress, tls: nil))
  }
}

extension HTTPServer.StreamedRequest {
  /// A request whose content comes as a stream, of which all is there: to call a handler of
  /// ``HTTPServer/streaming(configuration:_:)`` without a server.
  ///
  /// - Parameters:
  ///   - request: the request with its content.
  ///   - reactor: on whose thread the handler is called; this thread's when nil.
  public init(_ request: HTTPServer.Request, on reactor: Reactor? = nil) {
    let reactor = reactor ?? .current
    self.init(
      request, body: RequestUpload.whole(request.body, on: reactor), trailers: LateTrailers(request.trailers))
  }
}

extension RequestHead {
  /// Written and read again, so that it is checked as one that comes from a client is.
  fileprivate init(
    _ target: String, method: HTTPRequest.Method, headers: HTTPFields, framing: BodyFraming
  ) throws(HTTPWireError) {
    let host = headers.first { $0.name.canonicalName == "host" }?.value
    var bytes: [UInt8] = []
    try RequestSerializer().appendHead(
      method, target: target, host: host ?? (method == .connect ? target : "localhost"), fields: headers,
      framing: framing, to: &bytes)
    var limits = HTTPLimits()
    limits.headBytes = .max
    limits.requestLineBytes = .max
    limits.fieldCount = 65_000
    var parser = RequestParser(limits: limits)
    var offset = 0
    guard case .head(let head) = try parser.next(bytes.span, at: &offset) else {
      preconditionFailure("what the serializer wrote is a whole head")
    }
    self = head
  }
}
