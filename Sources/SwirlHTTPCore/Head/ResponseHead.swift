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
  /// The head of an HTTP/2 response (RFC 9113 §8.3.2).
  ///
  /// - Parameters:
  ///   - lines: its lines, complete.
  ///   - method: the method of the request.
  ///   - endsStream: whether no content follows.
  ///   - limits: the limits on its fields.
  package init(
    http2 lines: borrowing HeadLines, answering method: HTTPRequest.Method, endsStream: Bool, limits: HTTPLimits
  ) throws(HTTPWireError) {
    try lines.check(limits)
    let raw = RawHead(bytes: lines.bytes, fieldsStart: lines.fieldsStart)
    let (status, facts) = (lines.status, lines.facts)
    let kind = RequestKind(method)
    // Neither exists in HTTP/2: an extended CONNECT is sent as a GET (RFC 9113 §8.6, RFC 8441 §4).
    if status == 101 || kind == .connect && (200..<300).contains(status) {
      throw HTTPWireError(.badField, "these are not the fields of a response (RFC 9113 §8.3)")
    }
    if status < 200, limits.informationalResponses == 0 { throw .tooManyInformational(limits).inResponse }
    let head = HeadReader<StatusLine>.Head(raw: raw, start: StatusLine(http2: status), facts: facts)
    let framing: BodyFraming
    do throws(HTTPWireError) { framing = try head.framing(answering: kind, isLenient: true) } catch {
      throw error.inResponse
    }
    self.raw = raw
    line = head.start
    self.framing = framing.ofHTTP2(endsStream: endsStream)
    options = []
    isAmbiguous = false
    contentLength = facts.contentLength
    hasContentCoding = facts.hasContentCoding
    isPersistent = true
  }

  /// The same, of HTTP/2.
  init(http2 head: ResponseHead, endsStream: Bool) {
    raw = RawHead(http2: head.raw, versionAt: 5)
    line = StatusLine(http2: head.statusCode)
    options = []
    framing = head.framing.ofHTTP2(endsStream: endsStream)
    isAmbiguous = false
    contentLength = head.contentLength
    hasContentCoding = head.hasContentCoding
    isPersistent = true
  }
}

extension BodyFraming {
  /// The frames of HTTP/2 end the content of a response.
  fileprivate func ofHTTP2(endsStream: Bool) -> BodyFraming {
    switch self {
    case .none, .contentLength: self
    case .chunked, .untilClose: endsStream ? .contentLength(0) : .chunked
    }
  }
}

extension ResponseHead: CustomStringConvertible {
  /// The status line and the fields. Control characters except tabs and line ends are escaped, because this is for logs
  /// and terminals.
  public var description: String {
    String(decoding: bytes, as: UTF8.self).escapingControls(but: "\r\n\t")
  }
}
