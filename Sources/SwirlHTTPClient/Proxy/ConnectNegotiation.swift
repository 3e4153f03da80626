import HTTPTypes
import SwirlHTTPCore
import SwirlNet

/// Opens a tunnel through an HTTP proxy (RFC 9110 §9.3.6).
final class ConnectNegotiation: TunnelNegotiation {
  private let proxy: Proxy
  private let request: [UInt8]
  private var parser = ResponseParser(limits: HTTPLimits())

  init(_ proxy: Proxy, to origin: Origin) {
    self.proxy = proxy
    var fields = HTTPFields()
    fields[.proxyAuthorization] = proxy.authorization
    // CONNECT needs the port even if it is the scheme's default.
    let target = "\(origin.hostWithoutZone):\(origin.port)"
    var request: [UInt8] = []
    do {
      try RequestSerializer().appendHead(.connect, target: target, host: target, fields: fields, to: &request)
    } catch { preconditionFailure("the host of a URL cannot be sent: \(error)") }
    self.request = request
    parser.expect(.connect)
  }

  func begin() -> [UInt8] { request }

  private func error(_ reason: String) -> NetError { NetError(.proxy, "\(proxy)", reason: reason) }

  func received(_ bytes: Span<UInt8>) throws(NetError) -> TunnelProgress {
    var offset = 0
    while true {
      let event: ResponseEvent
      do { event = try parser.next(bytes, at: &offset) } catch {
        throw self.error("its answer cannot be read: \(error.message)")
      }
      switch event {
      case .needMore: return .needMore
      case .informational, .data: break
      case .upgraded(let head):
        // RFC 9110 §9.3.6: only a 2xx opens a tunnel.
        guard (200..<300).contains(head.status) else { throw error(Self.refusal(head)) }
        guard offset == bytes.count else { throw error("it sent something before it was asked for it") }
        return .done
      case .head(let head): throw error(Self.refusal(head))
      case .end: throw error("it did not make the connection")
      }
    }
  }

  private static func refusal(_ head: ResponseHead) -> String {
    switch head.status {
    case 407: "it wants a name and password (407): give them, or others, with the proxy"
    case 403: "it does not allow the connection (403)"
    // For wrong credentials tinyproxy answers 401, the status of an origin server.
    case 401: "it did not take the name and password (401): give others with the proxy"
    case 500...599: "it cannot make the connection (\(head.status) \(head.reasonPhrase))"
    default: "it refused the connection (\(head.status) \(head.reasonPhrase))"
    }
  }
}

extension Proxy {
  /// The value of the Proxy-Authorization field (RFC 7617).
  var authorization: String? {
    credentials.map { "Basic " + Array("\($0.user):\($0.password)".utf8).base64 }
  }
}
