/// The form of a request target and the positions of its parts (RFC 9112 §3.2).
struct RequestTarget: Sendable {
  let range: Range<Int>
  let form: RequestTargetForm
  /// The authority of the absolute and the authority form; otherwise empty.
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

  /// The authority in `scheme://authority…`, nil if it is not such a URI or its authority is not a host. User
  /// information is refused: it disguises the real host (RFC 9110 §4.2.4).
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
  /// `/path?query`, for an origin server.
  case origin
  /// `http://host/path?query`, for a proxy.
  case absolute
  /// `host:port`, for CONNECT only.
  case authority
  /// `*`, for OPTIONS only: the whole server.
  case asterisk
}

extension UInt8 {
  fileprivate var isScheme: Bool {
    isAlpha || isDigit || self == UInt8(ascii: "+") || self == UInt8(ascii: "-") || self == .dot
  }
}
