/// Which of the four forms a request target has, and where its parts are (RFC 9112 §3.2).
struct RequestTarget: Sendable {
  let range: Range<Int>
  let form: RequestTargetForm
  /// The authority of the absolute and the authority form, else empty.
  let authority: Range<Int>

  init(parsing bytes: Span<UInt8>, _ range: Range<Int>, for method: RequestKind) throws(HTTPWireError) {
    self.range = range
    var authority = range.lowerBound..<range.lowerBound
    guard let first = range.first.map({ bytes[$0] }) else {
      throw HTTPWireError(.badTarget, "the request has no target (RFC 9112 §3.2)")
    }
    if method == .connect {
      guard Host.isValid(bytes, range, portRequired: true) else {
        throw HTTPWireError(.badTarget, "CONNECT needs a target of the form host:port (RFC 9112 §3.2.3)")
      }
      form = .authority
      authority = range
    } else if first == .slash {
      form = .origin
    } else if first == UInt8(ascii: "*"), range.count == 1 {
      guard method == .options else {
        throw HTTPWireError(.badTarget, "only OPTIONS can have the target * (RFC 9112 §3.2.4)")
      }
      form = .asterisk
    } else if let host = Self.authorityOfAbsoluteForm(bytes, range) {
      form = .absolute
      authority = host
    } else {
      throw HTTPWireError(.badTarget, "the target is neither a path nor an absolute URI (RFC 9112 §3.2)")
    }
    self.authority = authority
  }

  /// The authority in `scheme://authority…`, nil if it is not such a URI or its authority is no host: user information in a
  /// target is how a URI lies about its host (RFC 9110 §4.2.4).
  private static func authorityOfAbsoluteForm(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int>? {
    var index = range.lowerBound
    guard bytes[index].isAlpha else { return nil }
    while index < range.upperBound, bytes[index].isScheme { index += 1 }
    let start = index + 3
    guard start < range.upperBound, bytes.matches("://", at: index) else { return nil }
    var end = start
    while end < range.upperBound, bytes[end] != .slash, bytes[end] != UInt8(ascii: "?") { end += 1 }
    guard end > start, Host.isValid(bytes, start..<end, portRequired: false) else { return nil }
    return start..<end
  }
}

/// The four forms of a request target (RFC 9112 §3.2).
public enum RequestTargetForm: Sendable, Hashable {
  /// `/path?query`, what an origin server gets.
  case origin
  /// `http://host/path?query`, what a proxy gets.
  case absolute
  /// `host:port`, of CONNECT only.
  case authority
  /// `*`, of OPTIONS only: the server as a whole.
  case asterisk
}

extension UInt8 {
  fileprivate var isScheme: Bool {
    isAlpha || isDigit || self == UInt8(ascii: "+") || self == UInt8(ascii: "-") || self == .dot
  }
}
