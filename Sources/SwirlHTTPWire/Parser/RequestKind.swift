internal import HTTPTypes

/// What of a request's method matters for the end of its response.
enum RequestKind: Sendable {
  case head
  case connect
  case other

  init(_ method: HTTPRequest.Method) {
    switch method {
    case .head: self = .head
    case .connect: self = .connect
    default: self = .other
    }
  }
}
