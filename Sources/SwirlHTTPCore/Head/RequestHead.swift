public import HTTPTypes

/// The request line and the fields of a request (RFC 9112 §3 and §5), as they came.
///
/// The bytes were checked; `fields` is built from them each time it is asked for, so keep it if you look at it more than once, or
/// ask for one field with the subscript, which builds nothing.
public struct RequestHead: Sendable {
  let raw: RawHead
  private let line: RequestLine
  private let options: ConnectionOptions

  /// How the content ends: `none`, `contentLength` or `chunked`.
  public let framing: BodyFraming

  /// Whether the client allows the connection to be used again after this request (RFC 9112 §9.3).
  public let isPersistent: Bool

  /// Whether the client waits for a 100 before it sends the content (RFC 9110 §10.1.1); never of a 1.0 client.
  public let expectsContinue: Bool

  /// Whether the client expects something else, which nobody here can do: a server may answer 417 (RFC 9110 §10.1.1).
  public let expectsOther: Bool

  /// The method, as it was sent: methods are case-sensitive (RFC 9110 §9.1).
  public var method: HTTPRequest.Method {
    // The bytes were checked to be a token, which is all that the initializer asks for.
    line.kind == .get ? .get : HTTPRequest.Method(raw.string(line.method))!
  }

  var kind: RequestKind { line.kind }

  /// The version of the client.
  public var version: HTTPVersion { line.version }

  /// The target as it was sent, in one of the four forms.
  public var target: String { raw.string(line.target.range) }

  /// Which of the four forms the target has.
  public var targetForm: RequestTargetForm { line.target.form }

  /// The path of the target, still percent-encoded: `/` where an absolute URI has none, `*` or empty for the forms without one.
  public var path: String { line.target.path(in: raw) }

  /// What follows the first `?` of the target, nil where there is none.
  public var query: String? { line.target.query(in: raw) }

  /// The host and port the request is for: those of the target if it names them, which go before the Host field (RFC 9112 §3.2.2).
  public var authority: String? {
    line.target.authority.isEmpty ? self["host"] : raw.string(line.target.authority)
  }

  /// What Content-Length says.
  public var contentLength: Int? {
    if case .contentLength(let length) = framing { length } else { nil }
  }

  /// All fields, in the order they came. Builds them each time.
  public var fields: HTTPFields { raw.fields }

  /// The value of the first field with this name, whatever its case, without building `fields`.
  public subscript(name: String) -> String? {
    raw.firstValue(name).map { raw.string($0) }
  }

  /// The head as it came, up to and with its empty line.
  public var bytes: [UInt8] { raw.bytes }

  /// The protocols that the client offers in its Upgrade field; nil without the Connection option `upgrade`, and in 1.0
  /// (RFC 9110 §7.8).
  public var upgrade: String? {
    options.contains(.upgrade) && version >= .http11 ? raw.list("upgrade") : nil
  }

  /// How many bytes the head has.
  public var byteCount: Int { raw.bytes.count }

  init(_ head: HeadReader<RequestLine>.Head, framing: BodyFraming) {
    raw = head.raw
    line = head.start
    options = head.facts.connection
    self.framing = framing
    isPersistent = head.facts.isPersistent(head.start.version)
    expectsContinue = head.facts.expectsContinue && head.start.version >= .http11
    expectsOther = head.facts.expectsOther
  }
}

extension RequestHead: CustomStringConvertible {
  /// The request line and the fields.
  public var description: String {
    String(decoding: bytes, as: UTF8.self)
  }
}
