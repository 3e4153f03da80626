public import HTTPTypes
import SwirlDeferred
import SwirlReactor
public import SwirlNet
import SwirlHTTPCore

extension HTTPServer {
  /// The response of a handler.
  ///
  /// The server adds `Date`, `Content-Length` or `Transfer-Encoding`, and `Connection`. It omits the body for HEAD, 204
  /// and 304.
  public struct Response {
    /// The status (RFC 9110 §15): 200 to 599, for an upgrade 101.
    public var status: HTTPResponse.Status

    var content: Content
    var contentType: ContentType
    /// The fields except the Content-Type of `contentType`: nil for most responses.
    var fields: HTTPFields?

    enum Content {
      case empty
      case text(String)
      case bytes([UInt8])
      case stream(length: Int?, (BodyWriter) throws -> Void)
      case upgrade((any Transport) throws -> any StreamProtocol)
      case webSocket(WebSocketAnswer)
      /// What is sent depends on the request, and on what a file has: it is made from them, and from this response's
      /// status and fields.
      case prepared(PreparedContent)
    }

    init(_ status: HTTPResponse.Status, _ content: Content, _ contentType: ContentType = .none) {
      self.status = status
      self.content = content
      self.contentType = contentType
    }

    /// The fields of the response, including `Content-Type`. A Date or Server set here replaces the server's own;
    /// `Connection: close` ends the connection after this response.
    public var headers: HTTPFields {
      get {
        var all = fields ?? HTTPFields()
        if let value = contentType.value { all[.contentType] = value }
        return all
      }
      set {
        fields = newValue
        contentType = .none
      }
    }

    /// A copy with this field, which replaces fields of the same name.
    public func with(_ name: HTTPField.Name, _ value: String) -> Response {
      var copy = self
      copy.headers[name] = value
      return copy
    }

    /// A copy with this field, which replaces fields of the same name: `.text("hello").with("X-Token", token)`.
    public func with(_ name: String, _ value: String) -> Response {
      var copy = self
      copy.headers[name] = value
      return copy
    }

    /// A copy with these fields, which replace fields of the same names.
    func with(_ headers: HTTPFields) -> Response {
      var copy = self
      var all = copy.headers
      for field in headers { all[fields: field.name] = [] }
      for field in headers { all.append(field) }
      copy.headers = all
      return copy
    }

    // MARK: - Kinds of responses

    /// A response without content: `.status(.noContent)`.
    public static func status(_ status: HTTPResponse.Status) -> Response {
      Response(status, .empty)
    }

    // The forms with fields are functions of their own: a default argument would cost each response without fields.

    /// Text, as UTF-8.
    public static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
      Response(status, .text(text), .text)
    }

    /// Text, as UTF-8, with these fields.
    public static func text(_ text: String, status: HTTPResponse.Status = .ok, headers: HTTPFields) -> Response {
      Response(status, .text(text), .text).with(headers)
    }

    /// A page, as UTF-8.
    public static func html(_ html: String, status: HTTPResponse.Status = .ok) -> Response {
      Response(status, .text(html), .html)
    }

    /// A page, as UTF-8, with these fields.
    public static func html(_ html: String, status: HTTPResponse.Status = .ok, headers: HTTPFields) -> Response {
      Response(status, .text(html), .html).with(headers)
    }

    /// Bytes; by default `application/octet-stream`. A large array is sent without a copy.
    public static func bytes(
      _ bytes: [UInt8], type: String? = nil, status: HTTPResponse.Status = .ok
    ) -> Response {
      var response = Response(status, .bytes(bytes), .octets)
      if let type { response.headers[.contentType] = type }
      return response
    }

    /// Bytes, with these fields; by default `application/octet-stream`. A large array is sent without a copy.
    public static func bytes(
      _ bytes: [UInt8], type: String? = nil, status: HTTPResponse.Status = .ok, headers: HTTPFields
    ) -> Response {
      self.bytes(bytes, type: type, status: status).with(headers)
    }

    /// A redirect: 302, or the given status (RFC 9110 §15.4). Characters that can't be in a field are dropped.
    public static func redirect(to location: String, status: HTTPResponse.Status = .found) -> Response {
      Response(status, .empty).with(.location, location)
    }

    /// A streamed body: `body` is called in this response's turn, and ``BodyWriter/end(trailers:)``, or the Deferred of
    /// ``BodyWriter/end(after:)``, completes it.
    ///
    /// ```swift
    /// .stream { writer in
    ///   writer.end(after: Deferred {
    ///     while let block = try await next() {
    ///       try await writer.drained().value
    ///       writer.write(block)
    ///     }
    ///   })
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - status: the status.
    ///   - headers: fields of the response.
    ///   - length: its length in bytes, if known; otherwise it is chunked, or for a 1.0 client ends with the connection
    ///     (RFC 9112 §7.1, §6.3).
    ///   - body: must retain the writer while it writes. An error that it throws is logged and breaks the connection,
    ///     so that the client knows that the body is incomplete.
    public static func stream(
      status: HTTPResponse.Status = .ok, headers: HTTPFields = HTTPFields(), length: Int? = nil,
      _ body: @escaping (BodyWriter) throws -> Void
    ) -> Response {
      require(length ?? 0 >= 0, "a body can't have \(length ?? 0) bytes")
      var response = Response(status, .stream(length: length, body))
      response.fields = headers
      return response
    }

    /// Switches the connection to another protocol: 101, or 200 to CONNECT (RFC 9110 §7.8, §9.3.6).
    ///
    /// - Parameters:
    ///   - name: the value of the 101's Upgrade field, such as `websocket`; nil to answer CONNECT.
    ///   - headers: other fields of the response.
    ///   - makeProtocol: called when the response is written. Its result replaces the server: `connectionMade` is
    ///     called, then `dataReceived` with the bytes behind the request.
    public static func upgrade(
      to name: String?, headers: HTTPFields = HTTPFields(),
      _ makeProtocol: @escaping (any Transport) throws -> any StreamProtocol
    ) -> Response {
      var response = Response(name == nil ? .ok : .switchingProtocols, .upgrade(makeProtocol))
      response.headers = headers
      if let name {
        response.headers[.connection] = "Upgrade"
        response.headers[.upgrade] = name
      }
      return response
    }
  }
}

extension HTTPServer {
  /// An error with a response: if a handler throws it, or its Deferred fails with it, the client gets the status and
  /// the text. Tornado: `HTTPError`; aiohttp: `HTTPException`.
  public struct StatusError: Error, CustomStringConvertible {
    /// The status, 400 to 599.
    public let status: HTTPResponse.Status
    /// The text for the client.
    public let text: String
    /// Fields of the response, such as `WWW-Authenticate` or `Retry-After`.
    public let headers: HTTPFields

    /// - Parameters:
    ///   - status: the status to answer with.
    ///   - text: the text for the client; nil is the status in words.
    ///   - headers: fields of the response.
    public init(_ status: HTTPResponse.Status, _ text: String? = nil, headers: HTTPFields = [:]) {
      self.status = status
      self.headers = headers
      self.text = text ?? "\(status.code) \(status.reasonPhrase)"
    }

    /// With fields by their names as text: `headers: ["WWW-Authenticate": "Bearer"]`.
    @_disfavoredOverload  // for `[:]`
    public init(_ status: HTTPResponse.Status, _ text: String? = nil, headers: KeyValuePairs<String, String>) {
      self.init(status, text, headers: HTTPFields(headers))
    }

    /// The status and the text.
    public var description: String { "\(status.code): \(text)" }

    var response: Response {
      let response = Response.text(text + "\n", status: status)
      return headers.isEmpty ? response : response.with(headers)
    }
  }

  /// The decision of ``HTTPServer/decideOnBody`` about a body.
  public struct BodyDecision {
    enum Choice {
      case accept(limit: Int?)
      case refuse(Response)
    }
    let choice: Choice

    /// Accepts the body, up to the limit of the configuration.
    public static var accept: BodyDecision { BodyDecision(choice: .accept(limit: nil)) }

    /// Accepts the body up to `limit` bytes; beyond it: 413.
    public static func accept(upTo limit: Int) -> BodyDecision { BodyDecision(choice: .accept(limit: limit)) }

    /// Answers without the body, and closes the connection.
    public static func refuse(_ response: Response) -> BodyDecision { BodyDecision(choice: .refuse(response)) }
  }
}

extension HTTPServer.Response.Content {
  /// Whether it can be sent at once, without a writer.
  var isWhole: Bool {
    switch self {
    case .empty, .text, .bytes: true
    case .stream, .upgrade, .webSocket, .prepared: false
    }
  }

  var count: Int {
    switch self {
    case .text(let text): text.utf8.count
    case .bytes(let bytes): bytes.count
    case .empty, .stream, .upgrade, .webSocket, .prepared: 0
    }
  }
}
