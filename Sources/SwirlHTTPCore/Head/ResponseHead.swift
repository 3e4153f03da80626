public import HTTPTypes

/// The status line and the fields of a response (RFC 9112 §4 and §5), as they came; what a lenient parser took is there as it should have
/// been sent, with CRLF behind each line and a space for each fold.
///
/// The bytes were checked; `fields` is built from them each time it is asked for, so keep it if you look at it more than once, or
/// ask for one field with the subscript, which builds nothing.
public struct ResponseHead: Sendable {
  let raw: RawHead
  private let line: StatusLine
  private let options: ConnectionOptions

  /// How the content ends, the method of the request taken into account.
  public let framing: BodyFraming

  /// What Content-Length says: the length of the content, or for a response to HEAD or a 304 the length it would have. Nil beside
  /// Transfer-Encoding, which overrides it (RFC 9112 §6.3).
  public let contentLength: Int?

  /// Whether the connection can be used again after this response (RFC 9112 §9.3).
  public let isPersistent: Bool

  /// Whether there is a Content-Encoding field.
  package let hasContentCoding: Bool

  /// Whether the fields leave a doubt where the content ends: a cache does not keep such a response.
  package let isAmbiguous: Bool

  /// The status code, 100 to 999 (RFC 9110 §15).
  public var status: Int { line.status }

  /// The version of the sender.
  public var version: HTTPVersion { line.version }

  /// The reason phrase; it means nothing to a program (RFC 9112 §4).
  public var reasonPhrase: String { raw.string(line.reason) }

  /// All fields, in the order they came. Builds them each time.
  public var fields: HTTPFields { raw.fields }

  /// The value of the first field with this name, whatever its case, without building `fields`.
  public subscript(name: String) -> String? {
    raw.firstValue(name).map { raw.string($0) }
  }

  /// The bytes of the first value of the field, which need not be UTF-8.
  package func bytes(of name: String) -> [UInt8]? {
    raw.firstValue(name).map { [UInt8](copying: raw.bytes.span.extracting($0)) }
  }

  /// The values of all fields of this name as one list, for those that are lists (RFC 9110 §5.3).
  package func list(_ name: String) -> String? {
    raw.list(name)
  }

  /// The head as it came, up to and with its empty line.
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

extension ResponseHead: CustomStringConvertible {
  /// The status line and the fields. Control characters but tab and the ends of the lines are escaped, since it is for logs and
  /// terminals.
  public var description: String {
    String(decoding: bytes, as: UTF8.self).escapingControls(but: "\r\n\t")
  }
}
