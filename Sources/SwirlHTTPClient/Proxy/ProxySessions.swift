import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore

/// What a client proves to its proxies: the nonces that they gave (RFC 9110 §11.7, RFC 7616).
final class ProxySessions {
  private var sessions: [Proxy: DigestSession] = [:]

  /// Stores a proxy's challenge: each later request answers it.
  func note(_ challenge: DigestChallenge, of proxy: Proxy) {
    var random = HouseRandom()
    sessions[proxy] = DigestSession(challenge, clientNonce: random.token())
  }

  /// The Proxy-Authorization field of a request with this method and request target; nil without one.
  /// - Parameter content: the whole body; nil if it is streamed.
  func field(for proxy: Proxy, _ method: HTTPRequest.Method, _ target: String, _ content: [UInt8]?) -> HTTPField? {
    guard let credentials = proxy.credentials else { return nil }
    let value =
      sessions[proxy]?.authorization(
        user: credentials.user, password: credentials.password, method: method.rawValue, target: target,
        content: content, by: MessageDigest.hash) ?? proxy.authorization
    return value.map { HTTPField(name: .proxyAuthorization, value: $0.isomorphicBytes) }
  }
}

extension Proxy {
  /// The challenge in `head` to answer; nil without one, or if the proxy has refused the answer already.
  /// - Parameter answered: the number of earlier challenges to the same request.
  func challenge(in head: ResponseHead, answered: Int) -> DigestChallenge? {
    guard head.statusCode == 407, let credentials, !credentials.user.contains("\""),
      let challenge = DigestChallenge(head.fields[fields: .proxyAuthenticate].map { String(isomorphic: $0.bytes) })
    else { return nil }
    // The first proof may have used a nonce that has expired.
    return answered == 0 || answered == 1 && challenge.isStale ? challenge : nil
  }
}
