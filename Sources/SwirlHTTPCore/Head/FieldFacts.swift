/// What the fields of a head say about the message itself: where it ends and whether the connection stays. Gathered while the
/// lines are checked, so that nobody needs to look the fields up again.
struct FieldFacts: Sendable {
  var count = 0
  var contentLength: Int?
  var transferCoding = TransferCoding.none
  var connection: ConnectionOptions = []
  var hostCount = 0
  var expectsContinue = false
  /// An expectation other than that one.
  var expectsOther = false
  var hasContentCoding = false
  /// Whether a line of the head ended with a line feed alone.
  var hasBareLineFeed = false
  /// Whether Content-Length and Transfer-Encoding mean nothing here.
  var ignoresFraming = false

  mutating func note(_ field: FieldLine, in bytes: Span<UInt8>, isRequest: Bool) throws(HTTPWireError) {
    count += 1
    // By the length of the name: most fields are passed over without looking at theirs.
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

  /// A second length, in a list or in a field of its own, is refused in a request even if it is the same; in a response the
  /// same length said twice is taken as one, as RFC 9110 §8.6 allows.
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

  /// Whether the fields leave a doubt where the message ends: both a length and a coding, or a coding in HTTP/1.0, which has none
  /// (RFC 9112 §6.1, §6.3).
  func isAmbiguous(_ version: HTTPVersion) -> Bool {
    if case .none = transferCoding { return false }
    return contentLength != nil || version < .http11
  }

  /// RFC 9112 §9.3: `close` is the last word; else 1.1 stays, and 1.0 stays if asked to. Where what came was not to the letter, what
  /// comes next is not trusted.
  func isPersistent(_ version: HTTPVersion) -> Bool {
    if connection.contains(.close) || hasBareLineFeed || isAmbiguous(version) { return false }
    return version >= .http11 || connection.contains(.keepAlive)
  }
}
