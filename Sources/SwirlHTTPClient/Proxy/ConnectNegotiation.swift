import HTTPTypes
import SwirlHTTPCore
import SwirlNet

/// Opens a tunnel through an HTTP proxy (RFC 9110 §9.3.6).
final class ConnectNegotiation: TunnelNegotiation {
  private let proxy: Proxy
  private let sessions: ProxySessions
  /// CONNECT needs the port even if it is the scheme's default.
  private let target: String
  /// The number of challenges that were answered.
  private var challenges = 0
  /// Whether the answer to a challenge is under way on the connection of the challenge.
  private var isAnswering = false
  private var parser = ResponseParser(limits: HTTPLimits())

  init(_ proxy: Proxy, to origin: Origin, _ sessions: ProxySessions) {
    self.proxy = proxy
    self.sessions = sessions
    target = "\(origin.hostWithoutZone):\(origin.port)"
    parser.expect(.connect)
  }

  func begin() -> [UInt8] {
    var fields = HTTPFields()
    if let field = sessions.field(for: proxy, .connect, target, []) { fields[fields: .proxyAuthorization] = [field] }
    var request: [UInt8] = []
    do {
      try RequestSerializer().appendHead(.connect, target: target, host: target, fields: fields, to: &request)
    } catch { preconditionFailure("the host of a URL cannot be sent: \(error)") }
    return request
  }

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
        guard (200..<300).contains(head.statusCode) else { throw error(Self.refusal(head)) }
        guard offset == bytes.count else { throw error("it sent something before it was asked for it") }
        return .done
      case .head(let head):
        try answerChallenge(in: head)
        if !parser.isPersistent { return beginAgain() }
      // The answer was a challenge.
      case .end:
        isAnswering = true
        guard offset == bytes.count else { throw error("it sent something before it was asked for it") }
        parser.expect(.connect)
        return .send(begin())
      }
    }
  }

  private func beginAgain() -> TunnelProgress {
    isAnswering = false
    parser = ResponseParser(limits: HTTPLimits())
    parser.expect(.connect)
    return .beginAgain
  }

  /// Some proxies close the connection of a challenge though they do not say so.
  func mayBeginAgain() -> Bool {
    guard isAnswering else { return false }
    _ = beginAgain()
    return true
  }

  /// RFC 9110 §11.7.1: the request is repeated with the proof, on the same connection unless the proxy closes that.
  private func answerChallenge(in head: ResponseHead) throws(NetError) {
    guard let challenge = proxy.challenge(in: head, answered: challenges, content: []) else {
      throw error(Self.refusal(head))
    }
    challenges += 1
    sessions.note(challenge, of: proxy)
  }

  private static func refusal(_ head: ResponseHead) -> String {
    switch head.statusCode {
    case 407: "it wants a name and password (407): give them, or others, with the proxy"
    case 403: "it does not allow the connection (403)"
    // For wrong credentials tinyproxy answers 401, the status of an origin server.
    case 401: "it did not take the name and password (401): give others with the proxy"
    case 500...599: "it cannot make the connection (\(head.statusCode) \(head.reasonPhrase))"
    default: "it refused the connection (\(head.statusCode) \(head.reasonPhrase))"
    }
  }
}

extension Proxy {
  /// The value of the Proxy-Authorization field before any challenge (RFC 7617).
  var authorization: String? {
    if authentication == .digest { return nil }
    return credentials.map { "Basic " + Array("\($0.user):\($0.password)".utf8).base64 }
  }
}
