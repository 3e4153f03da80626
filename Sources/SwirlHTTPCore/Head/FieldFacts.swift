/// The facts about framing and persistence in the fields of a head. The parser gathers them while it validates the
/// lines, so that it need not look the fields up again.
struct FieldFacts: Sendable {
  var count = 0
  var contentLength: Int?
  var transferCoding = TransferCoding.none
  var connection: ConnectionOptions = []
  var hostCount = 0
  var expectsContinue = false
  /// An expectation other than `100-continue`.
  var expectsOther = false
  var hasContentCoding = false
  /// Whether a line of the head ended with a line feed alone.
  var hasBareLineFeed = false
  /// Whether Content-Length and Transfer-Encoding have no meaning in this head.
  var ignoresFraming = false

  mutating func note(_ field: FieldLine, in bytes: Span<UInt8>, isRequest: Bool) throws(HTTPWireError) {
    count += 1
    // Switch on the length of the name first: it excludes most fields without comparing bytes.
    switch field.name.count {
    case 4 where isRequest && bytes.equals("host", in: field.name):
      hostCount += 1
      guard field.value.isEmpty || Host.isValid(bytes, field.value, portRequired: false) else {
        throw HTTPWireError(.badHost, "Host is not a host name with a port or without (RFC 9112 §3.2)")
      }
    case 6 where isRequest && bytes.equals("expect", in: field.name):
      if bytes.equals("100-continue", in: field.value) { expectsContinue = true } else { expectsOther = true }
    case 10 where bytes.equals("connection", in: field.name):
      connection.formUnion(ConnectionOptions(parsing: bytes, field.value))
    case 14 where !ignoresFraming && bytes.equals("content-length", in: field.name):
      try noteContentLength(bytes, field.value, isRequest: isRequest)
    case 16 where bytes.equals("content-encoding", in: field.name): hasContentCoding = true
    case 17 where !ignoresFraming && bytes.equals("transfer-encoding", in: field.name):
      try transferCoding.add(bytes, field.value)
    default:
      break
    }
  }

  /// A request with a second length, in a list or in another field, is refused even if both are equal. A response may
  /// repeat the same length, as RFC 9110 §8.6 allows.
  private mutating func noteContentLength(
    _ bytes: Span<UInt8>, _ value: Range<Int>, isRequest: Bool
  ) throws(HTTPWireError) {
    if contentLength == nil, let length = ContentLength.parse(bytes, value) {
      contentLength = length
      return
    }
    var rest: Range<Int>? = value
    while let element = bytes.nextElement(of: &rest) {
      guard let length = ContentLength.parse(bytes, element) else {
        throw HTTPWireError(.badFraming, "Content-Length is not a number that can be counted to (RFC 9110 §8.6)")
      }
      if let known = contentLength, isRequest || known != length {
        throw HTTPWireError(.badFraming, "more than one Content-Length (RFC 9112 §6.3)")
      }
      contentLength = length
    }
  }

  /// Whether the framing is ambiguous: both a length and a coding, or a coding in HTTP/1.0, which lacks codings (RFC
  /// 9112 §6.1, §6.3).
  func isAmbiguous(_ version: HTTPVersion) -> Bool {
    if case .none = transferCoding { return false }
    return contentLength != nil || version < .http11
  }

  /// RFC 9112 §9.3: `close` overrides; otherwise 1.1 persists, and 1.0 persists only on `keep-alive`. After a head that
  /// only a lenient parser accepts, the connection is not reused.
  func isPersistent(_ version: HTTPVersion) -> Bool {
    if connection.contains(.close) || hasBareLineFeed || isAmbiguous(version) { return false }
    return version >= .http11 || connection.contains(.keepAlive)
  }
}
