public import HTTPTypes

/// The status line and the fields of a response (RFC 9112 §4 and §5), as received. A lenient parser normalises an
/// irregular head: CRLF behind each line, a space for each fold.
///
/// The bytes are validated. `fields` builds a new value on each access: store it to use it more than once, or read one
/// field by the subscript, which builds nothing.
public struct ResponseHead: Sendable {
  let raw: RawHead
  private let line: StatusLine
  private let options: ConnectionOptions

  /// How the content ends, given the method of the request.
  public let framing: BodyFraming

  /// The value of Content-Length: the length of the content; for a response to HEAD and a 304, the length that it would
  /// have. Nil beside Transfer-Encoding, which overrides it (RFC 9112 §6.3).
  public let contentLength: Int?

  /// Whether the connection is reusable after this response (RFC 9112 §9.3).
  public let isPersistent: Bool

  /// Whether it has a Content-Encoding field.
  package let hasContentCoding: Bool

  /// Whether the end of the content is ambiguous: a cache does not store such a response.
  package let isAmbiguous: Bool

  /// The status, with the reason phrase as received (RFC 9110 §15).
  public var status: HTTPResponse.Status {
    if statusCode == 200 { return .ok }
    // HTTP/2 has no reason phrase (RFC 9113 §8.3.2): it is the registered one.
    if version == .http2 { return HTTPResponse.Status(number: statusCode) }
    return HTTPResponse.Status(code: statusCode, reasonPhrase: reasonPhrase)
  }

  /// The status code, 100 to 999.
  package var statusCode: Int { line.status }

  /// The version of the sender.
  public var version: HTTPVersion { line.version }

  /// The reason phrase; programs must ignore it (RFC 9112 §4).
  public var reasonPhrase: String { raw.string(line.reason) }

  /// All fields, in order. Builds a new value on each access.
  public var fields: HTTPFields { raw.fields }

  /// The value of the first field with this name, case-insensitive, without building `fields`.
  public subscript(name: String) -> String? {
    raw.firstValue(name).map { raw.string($0) }
  }

  /// The bytes of the first value of the field, which may not be UTF-8.
  package func bytes(of name: String) -> [UInt8]? {
    raw.firstValue(name).map { [UInt8](copying: raw.bytes.span.extracting($0)) }
  }

  /// The values of all fields of this name joined as one list, for list-valued fields (RFC 9110 §5.3).
  package func list(_ name: String) -> String? {
    raw.list(name)
  }

  /// The head as received, including its empty line.
  public var bytes: [UInt8] { raw.bytes }

  /// The protocols that the Upgrade field names, if the Connection field has the option `upgrade` (RFC 9110 §7.8).
  public var upgrade: String? {
    options.contains(.upgrade) ? list("upgrade") : nil
  }

  init(_ head: HeadReader<StatusLine>.Head, framing: BodyFraming) {
    raw = head.raw
    line = head.start
    options = head.facts.connection
    self.framing = framing
    isAmbiguous = head.facts.isAmbiguous(head.start.version)
    contentLength = isAmbiguous ? nil : head.facts.contentLength
    hasContentCoding = head.facts.hasContentCoding
    isPersistent = framing != .untilClose && head.facts.isPersistent(head.start.version)
  }
}

extension ResponseHead {
  /// The head of an HTTP/2 response, whose fields come in the form of HTTP/1 (RFC 9113 §8.3.2).
  ///
  /// - Parameters:
  ///   - bytes: a status line of HTTP/1.1, field lines and an empty line.
  ///   - method: the method of the request.
  ///   - endsStream: whether no content follows.
  ///   - limits: the limits on its fields.
  package init(
    http2 bytes: [UInt8], answering method: HTTPRequest.Method, endsStream: Bool, limits: HTTPLimits
  ) throws(HTTPWireError) {
    var parser = ResponseParser(limits: limits, isLenient: true)
    parser.expect(method)
    var offset = 0
    switch try parser.next(bytes.span, at: &offset) {
    case .head(let head) where offset == bytes.count: self.init(http2: head, endsStream: endsStream)
    case .informational(let head) where offset == bytes.count: self.init(http2: head, endsStream: false)
    default: throw HTTPWireError(.badField, "these are not the fields of a response (RFC 9113 §8.3)")
    }
  }

  /// The same, of HTTP/2.
  init(http2 head: ResponseHead, endsStream: Bool) {
    raw = RawHead(http2: head.raw, versionAt: 5)
    line = StatusLine(http2: head.line)
    options = []
    switch head.framing {
    case .none, .contentLength: framing = head.framing
    case .chunked, .untilClose: framing = endsStream ? .contentLength(0) : .chunked
    }
    isAmbiguous = false
    contentLength = head.contentLength
    hasContentCoding = head.hasContentCoding
    isPersistent = true
  }
}

extension ResponseHead: CustomStringConvertible {
  /// The status line and the fields. Control characters except tabs and line ends are escaped, because this is for logs
  /// and terminals.
  public var description: String {
    String(decoding: bytes, as: UTF8.self).escapingControls(but: "\r\n\t")
  }
}
