import HTTPTypes
import SwirlHTTPCore

/// What a client proves to its proxies: the nonces that they gave (RFC 9110 §11.7, RFC 7616).
final class ProxySessions {
  private var sessions = DigestSessions<Proxy>()

  /// Stores a proxy's challenge: each later request answers it.
  func note(_ challenge: DigestChallenge, of proxy: Proxy) { sessions.note(challenge, of: proxy) }

  /// The Proxy-Authorization field of a request with this method and request target; nil without one.
  /// - Parameter content: the whole body; nil if it is streamed.
  func field(for proxy: Proxy, _ method: HTTPRequest.Method, _ target: String, _ content: [UInt8]?) -> HTTPField? {
    guard let credentials = proxy.credentials else { return nil }
    let proof = sessions.proof(
      of: proxy, user: credentials.user, password: credentials.password, method, target, content)
    let value = proof ?? proxy.authorization
    return value.map { HTTPField(name: .proxyAuthorization, value: $0.isomorphicBytes) }
  }
}

extension Proxy {
  /// The challenge in `head` to answer; nil without one, or if the proxy has refused the answer already.
  /// - Parameters:
  ///   - answered: the number of earlier challenges to the same request.
  ///   - content: the whole body of the request; nil if it is streamed.
  func challenge(in head: ResponseHead, answered: Int, content: [UInt8]?) -> DigestChallenge? {
    guard head.statusCode == 407, let credentials, !credentials.user.contains("\""),
      let challenge = head.digestChallenge(in: .proxyAuthenticate, content: content)
    else { return nil }
    // The first proof may have used a nonce that has expired.
    return answered == 0 || answered == 1 && challenge.isStale ? challenge : nil
  }
}
