import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore

/// The challenges of servers or proxies, and the proofs that answer them (RFC 7616): later requests bring a proof
/// without another challenge.
struct DigestSessions<Key: Hashable> {
  private var sessions: [Key: DigestSession] = [:]

  /// Stores a challenge for later requests.
  mutating func note(_ challenge: DigestChallenge, of key: Key) {
    // Losing a nonce costs one more request, which is better than an unbounded list.
    if sessions.count >= 1000 { sessions = [:] }
    var random = HouseRandom()
    sessions[key] = DigestSession(challenge, clientNonce: random.token())
  }

  /// The credentials for one request; nil without a challenge.
  /// - Parameter content: the whole body; nil if it is streamed.
  mutating func proof(
    of key: Key, user: String, password: String, _ method: HTTPRequest.Method, _ target: String, _ content: [UInt8]?
  ) -> String? {
    sessions[key]?.authorization(
      user: user, password: password, method: method.rawValue, target: target, content: content, by: MessageDigest.hash)
  }
}

extension ResponseHead {
  /// The Digest challenge in the field `name`, if this client can answer it.
  /// - Parameter content: the whole body of the request; nil if it is streamed, which `auth-int` cannot prove.
  func digestChallenge(in name: HTTPField.Name, content: [UInt8]?) -> DigestChallenge? {
    let challenge = DigestChallenge(fields[fields: name].map { String(isomorphic: $0.bytes) })
    return challenge?.quality == .authInt && content == nil ? nil : challenge
  }
}
