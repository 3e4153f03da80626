internal import HTTPTypes

/// The methods that change the framing or the form of the target, and GET, the most frequent one.
enum RequestKind: Sendable {
  case get
  case head
  case options
  case connect
  case other

  init(_ method: HTTPRequest.Method) {
    switch method {
    case .get: self = .get
    case .head: self = .head
    case .options: self = .options
    case .connect: self = .connect
    default: self = .other
    }
  }

  /// Methods are case-sensitive (RFC 9110 §9.1).
  init(parsing bytes: Span<UInt8>, _ method: Range<Int>) {
    let bytes = bytes.extracting(method)
    switch method.count {
    case 3 where bytes.matches("GET", at: 0): self = .get
    case 4 where bytes.matches("HEAD", at: 0): self = .head
    case 7 where bytes.matches("OPTIONS", at: 0): self = .options
    case 7 where bytes.matches("CONNECT", at: 0): self = .connect
    default: self = .other
    }
  }
}
