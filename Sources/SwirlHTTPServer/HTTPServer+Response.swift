public import HTTPTypes
import SwirlDeferred
public import SwirlNet
import SwirlHTTPCore

extension HTTPServer {
  /// What a handler answers with.
  ///
  /// `Date`, `Content-Length` or `Transfer-Encoding`, and `Connection` are added when it is sent. To HEAD, and with 204 and
  /// 304, the body is left away.
  public struct Response {
    /// The status (RFC 9110 §15): 200 to 599, for an upgrade 101.
    public var status: HTTPResponse.Status

    var content: Content
    var contentType: ContentType
    /// The fields but for the Content-Type that `contentType` stands for: most responses need none.
    fileprivate(set) var fields: HTTPFields?

    enum Content {
      case empty
      case text(String)
      case bytes([UInt8])
      case stream(length: Int?, (BodyWriter) throws -> Void)
      case upgrade((any Transport) throws -> any StreamProtocol)
    }

    init(_ status: HTTPResponse.Status, _ content: Content, _ contentType: ContentType = .none) {
      self.status = status
      self.content = content
      self.contentType = contentType
    }

    /// The fields of the response, `Content-Type` with them. A Date or Server set here goes before the server's own;
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

    /// The same response with another field, in the place of those that have its name.
    public func with(_ name: HTTPField.Name, _ value: String) -> Response {
      var copy = self
      copy.headers[name] = value
      return copy
    }

    // MARK: - Kinds of responses

    /// A response without content: `.status(.noContent)`.
    public static func status(_ status: HTTPResponse.Status) -> Response {
      Response(status, .empty)
    }

    /// Text, as UTF-8.
    public static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
      Response(status, .text(text), .text)
    }

    /// A page, as UTF-8.
    public static func html(_ html: String, status: HTTPResponse.Status = .ok) -> Response {
      Response(status, .text(html), .html)
    }

    /// Bytes; `application/octet-stream` unless a type is given. A large array is sent without a copy.
    public static func bytes(
      _ bytes: [UInt8], type: String? = nil, status: HTTPResponse.Status = .ok
    ) -> Response {
      var response = Response(status, .bytes(bytes), .octets)
      if let type { response.headers[.contentType] = type }
      return response
    }

    /// Sends the client elsewhere: 302, or the status given (RFC 9110 §15.4). Characters that can't be in a field are dropped.
    public static func redirect(to location: String, status: HTTPResponse.Status = .found) -> Response {
      Response(status, .empty).with(.location, location)
    }

    /// A body that is written bit by bit: `body` is called when it is this response's turn, and the writer's
    /// ``BodyWriter/end(trailers:)``, or the Deferred given to ``BodyWriter/end(after:)``, completes it.
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
    ///   - length: how many bytes it will be, where that is known; else it goes in chunks, or to a 1.0 client until the
    ///     connection closes (RFC 9112 §7.1, §6.3).
    ///   - body: keeps the writer for as long as it writes. An error that it throws is logged and breaks the connection, which
    ///     tells the client that the body is not whole.
    public static func stream(
      status: HTTPResponse.Status = .ok, headers: HTTPFields = HTTPFields(), length: Int? = nil,
      _ body: @escaping (BodyWriter) throws -> Void
    ) -> Response {
      require(length ?? 0 >= 0, "a body can't have \(length ?? 0) bytes")
      var response = Response(status, .stream(length: length, body))
      response.fields = headers
      return response
    }

    /// Gives the connection to another protocol: 101, or 200 to CONNECT (RFC 9110 §7.8, §9.3.6).
    ///
    /// - Parameters:
    ///   - name: what the Upgrade field of the 101 says, such as `websocket`; nil to answer CONNECT.
    ///   - headers: other fields of the response.
    ///   - makeProtocol: called when the response is written. What it returns takes the place of the server: `connectionMade`
    ///     is called, then `dataReceived` with what has come after the request.
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
  /// An error that is an answer: thrown by a handler, or the failure of its Deferred, it is sent as the status and the text.
  /// Tornado: `HTTPError`; aiohttp: `HTTPException`.
  public struct StatusError: Error, CustomStringConvertible {
    /// The status, 400 to 599.
    public let status: HTTPResponse.Status
    /// What the client reads.
    public let text: String

    /// - Parameters:
    ///   - status: the status to answer with.
    ///   - text: what the client reads; the status in words when nil.
    public init(_ status: HTTPResponse.Status, _ text: String? = nil) {
      self.status = status
      self.text = text ?? "\(status.code) \(status.reasonPhrase)"
    }

    /// The status and the text.
    public var description: String { "\(status.code): \(text)" }

    var response: Response { .text(text + "\n", status: status) }
  }

  /// What ``HTTPServer/decideOnBody`` says of a body that is to come.
  public struct BodyDecision {
    enum Choice {
      case accept(limit: Int?)
      case refuse(Response)
    }
    let choice: Choice

    /// Takes the body, up to the limit of the configuration.
    public static var accept: BodyDecision { BodyDecision(choice: .accept(limit: nil)) }

    /// Takes the body up to `limit` bytes; beyond it: 413.
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
    case .stream, .upgrade: false
    }
  }

  var count: Int {
    switch self {
    case .text(let text): text.utf8.count
    case .bytes(let bytes): bytes.count
    case .empty, .stream, .upgrade: 0
    }
  }
}
