#if HTTP2
import HTTPTypes
import SwirlHTTP2
import SwirlNet

/// Why an HTTP/2 connection ended, for the errors of its requests.
enum HTTP2Ending {
  /// The server said GOAWAY (RFC 9113 §6.8).
  case goAway(HTTP2ErrorCode, String)
  /// The server broke the protocol.
  case invalid(HTTP2Error)
  /// The server did not answer a PING.
  case dead
  /// The network, or the server without a word.
  case lost(NetError?)

  var code: HTTPError.Code {
    switch self {
    case .goAway: .closedEarly
    case .invalid: .invalidResponse
    case .dead: .connectionLost
    case .lost(let error): error == nil ? .closedEarly : .connectionLost
    }
  }

  var network: NetError? {
    if case .lost(let error) = self { error } else { nil }
  }

  var reason: String {
    switch self {
    case .goAway(let code, let debug):
      "the server ended the connection by GOAWAY with \(code)\(debug.isEmpty ? "" : ", \(debug)") (RFC 9113 §6.8)"
    case .invalid(let error): "the server broke HTTP/2: \(error)"
    case .dead:
      "the server did not answer a PING within \(Duration.nanoseconds(HTTP2Liveness.patience)) (RFC 9113 §6.7): "
        + "the server or the network is down"
    case .lost(let error): error?.reason ?? "the connection was closed"
    }
  }
}

extension HTTPClient.Exchange {
  /// What to do about a failure after which the server may have done what was asked.
  var adviceAfterSending: String {
    request.isRepeatable
      ? "; the server may have processed the request, which may be repeated"
      : "; the server may have processed the request: find out before you repeat it"
  }
}
#endif
