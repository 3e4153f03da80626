public import HTTPTypes

/// The request line and the fields of a request (RFC 9112 §3 and §5), as received.
///
/// The bytes are validated. `fields` builds a new value on each access: store it to use it more than once, or read one
/// field by the subscript, which builds nothing.
public struct RequestHead: Sendable {
  let raw: RawHead
  private let line: RequestLine
  private let options: ConnectionOptions

  /// How the content ends: `none`, `contentLength` or `chunked`.
  public let framing: BodyFraming

  /// Whether the client allows reuse of the connection after this request (RFC 9112 §9.3).
  public let isPersistent: Bool

  /// Whether the client waits for a 100 before it sends the content (RFC 9110 §10.1.1); always false for a 1.0 client.
  public let expectsContinue: Bool

  /// Whether the client has another expectation, which this module does not support: a server may answer 417 (RFC 9110
  /// §10.1.1).
  package let expectsOther: Bool

  /// The method as sent: methods are case-sensitive (RFC 9110 §9.1).
  public var method: HTTPRequest.Method {
    // The bytes were validated as a token, so the initializer can't fail.
    line.kind == .get ? .get : HTTPRequest.Method(raw.string(line.method))!
  }

  var kind: RequestKind { line.kind }

  /// The version of the client.
  public var version: HTTPVersion { line.version }

  /// The target as sent, in one of the four forms.
  public var target: String { raw.string(line.target.range) }

  /// Which of the four forms the target has.
  public var targetForm: RequestTargetForm { line.target.form }

  /// The path of the target, still percent-encoded: `/` if an absolute URI has an empty path, `*` or empty for the
  /// forms without one.
  public var path: String { line.target.path(in: raw) }

  /// The positions of path and query in `bytes`; empty for the forms without them.
  package var pathAndQueryRange: Range<Int> { line.target.pathAndQueryRange }

  /// Whether the method is GET.
  package var isGet: Bool { line.kind == .get }

  /// The positions of the path in `bytes`; empty for an absolute URI without a path, and for the other forms.
  package var pathRange: Range<Int> { line.target.pathRange(in: raw) }

  /// The part behind the first `?` of the target; nil without one.
  public var query: String? { line.target.query(in: raw) }

  /// The host and port the request is for: those of the target if it has them, which override the Host field (RFC 9112
  /// §3.2.2).
  public var authority: String? {
    line.target.authority.isEmpty ? self["host"] : raw.string(line.target.authority)
  }

  /// The value of Content-Length.
  public var contentLength: Int? {
    if case .contentLength(let length) = framing { length } else { nil }
  }

  /// All fields, in order. Builds a new value on each access.
  public var fields: HTTPFields { raw.fields }

  /// The value of the first field with this name, case-insensitive, without building `fields`.
  public subscript(name: String) -> String? {
    raw.firstValue(name).map { raw.string($0) }
  }

  /// The values of all fields with this name, case-insensitive, as one list (RFC 9110 §5.3).
  package func list(_ name: String) -> String? { raw.list(name) }

  /// The head as received, including its empty line.
  public var bytes: [UInt8] { raw.bytes }

  /// The protocols that the client offers in its Upgrade field; nil without the Connection option `upgrade`, and for
  /// HTTP/1.0 (RFC 9110 §7.8).
  public var upgrade: String? {
    options.contains(.upgrade) && version >= .http11 ? raw.list("upgrade") : nil
  }

  /// The size of the head in bytes.
  package var byteCount: Int { raw.bytes.count }

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

extension RequestHead {
  /// The head of an HTTP/2 request (RFC 9113 §8.3.1).
  ///
  /// - Parameters:
  ///   - lines: its lines, complete.
  ///   - endsStream: whether no content follows.
  ///   - limits: the limits on its fields.
  package init(http2 lines: borrowing HeadLines, endsStream: Bool, limits: HTTPLimits) throws(HTTPWireError) {
    if let error = RequestLine.tooLong(lines.fieldsStart, limits) { throw error }
    let line = try RequestLine(http2: lines.bytes.span, lines.method, lines.target)
    try lines.check(limits)
    let raw = RawHead(bytes: lines.bytes, fieldsStart: lines.fieldsStart)
    let facts = lines.facts
    let framing = try HeadReader<RequestLine>.Head(raw: raw, start: line, facts: facts).framing()
    self.raw = raw
    self.line = line
    switch framing {
    case .contentLength: self.framing = framing
    case .none, .chunked, .untilClose: self.framing = endsStream ? .none : .chunked
    }
    options = facts.connection
    isPersistent = true
    expectsContinue = facts.expectsContinue
    expectsOther = facts.expectsOther
  }
}

extension RequestHead: CustomStringConvertible {
  /// The request line and the fields.
  public var description: String {
    String(decoding: bytes, as: UTF8.self)
  }
}
