/// A server's digest challenge (RFC 7616 §3.3).
package struct DigestChallenge {
  /// Weakest first. The last is not in the RFC, but some servers use it.
  package enum Algorithm: Int, CaseIterable {
    case md5
    case sha256
    case sha512Truncated
    case sha512

    package var name: String {
      switch self {
      case .md5: "MD5"
      case .sha256: "SHA-256"
      case .sha512Truncated: "SHA-512-256"
      case .sha512: "SHA-512"
      }
    }
  }

  /// The parts of the request that a proof covers.
  package enum Quality: String {
    /// The request only, as in RFC 2069: without a nonce count.
    case none
    /// The request only.
    case auth
    /// The request and its content.
    case authInt = "auth-int"
  }
  let realm: String
  let nonce: String
  let opaque: String?
  package let algorithm: Algorithm
  let isSession: Bool
  package let quality: Quality
  /// Whether the proof was right but its nonce too old.
  package let isStale: Bool

  /// The strongest supported challenge among the values of WWW-Authenticate.
  ///
  /// - Parameter fields: the values, isomorphic-decoded (each byte is one character), so that they return to the server
  ///   unchanged in any encoding.
  package init?(_ fields: [String]) {
    let challenges = fields.flatMap { AuthenticationChallenge.parse($0) }.compactMap { DigestChallenge($0) }
    guard let best = challenges.max(by: { $0.algorithm.rawValue < $1.algorithm.rawValue }) else { return nil }
    self = best
  }

  private init?(_ challenge: AuthenticationChallenge) {
    guard challenge.scheme == "digest", let realm = challenge["realm"], let nonce = challenge["nonce"] else {
      return nil
    }
    let name = challenge["algorithm"]?.uppercased() ?? "MD5"
    isSession = name.hasSuffix("-SESS")
    let plainName = isSession ? String(name.dropLast(5)) : name
    guard let algorithm = Algorithm.allCases.first(where: { $0.name == plainName }) else { return nil }
    self.algorithm = algorithm
    let qualities = challenge["qop"]?.split { $0 == "," || $0 == " " }.map { $0.lowercased() }
    switch qualities {
    case nil: quality = .none
    case let some? where some.contains("auth"): quality = .auth
    case let some? where some.contains("auth-int"): quality = .authInt
    default: return nil
    }
    self.realm = realm
    self.nonce = nonce
    opaque = challenge["opaque"]
    // The client sends these back, and a field must not have control characters (RFC 9110 §5.5).
    if "\(realm)\(nonce)\(opaque ?? "")".utf8.contains(where: \.isControl) { return nil }
    isStale = challenge["stale"]?.lowercased() == "true"
  }

  /// The value of the Authorization field (RFC 7616 §3.4), isomorphic-decoded (each byte is one character).
  /// - Parameters:
  ///   - content: the whole body, which the proof covers if `quality` is `authInt`.
  ///   - digest: the hash function of an algorithm.
  package func authorization(
    user: String, password: String, method: String, target: String, content: [UInt8] = [], count: Int,
    clientNonce: String, by digest: (Algorithm, [UInt8]) -> [UInt8]
  ) -> String {
    func hash(_ bytes: [UInt8]) -> String { digest(algorithm, bytes).hexadecimal }
    func hash(_ text: String) -> String { hash(text.isomorphicBytes) }
    let user = String(isomorphic: Array(user.utf8))
    var secret = hash("\(user):\(realm):\(String(isomorphic: Array(password.utf8)))")
    if isSession { secret = hash("\(secret):\(nonce):\(clientNonce)") }
    let subject = hash("\(method):\(target)" + (quality == .authInt ? ":\(hash(content))" : ""))
    let hexCount = String(count, radix: 16)
    let number = String(repeating: "0", count: max(0, 8 - hexCount.count)) + hexCount
    let proof = hash(
      quality == .none
        ? "\(secret):\(nonce):\(subject)" : "\(secret):\(nonce):\(number):\(clientNonce):\(quality.rawValue):\(subject)"
    )
    var value = "Digest username=\(user.quoted), realm=\(realm.quoted), nonce=\(nonce.quoted), uri=\(target.quoted)"
    value += ", response=\"\(proof)\", algorithm=\(algorithm.name)\(isSession ? "-sess" : "")"
    if let opaque { value += ", opaque=\(opaque.quoted)" }
    if quality != .none { value += ", qop=\(quality.rawValue), nc=\(number), cnonce=\"\(clientNonce)\"" }
    return value
  }
}

/// Digest state for one user of one server. A nonce serves many requests, which this counts.
package struct DigestSession {
  private let challenge: DigestChallenge
  private let clientNonce: String
  private var count = 0

  /// - Parameter clientNonce: random, in letters and digits (RFC 7616 §3.4, `cnonce`).
  package init(_ challenge: DigestChallenge, clientNonce: String) {
    self.challenge = challenge
    self.clientNonce = clientNonce
  }

  /// - Parameters:
  ///   - content: the whole body; nil if it is streamed. If it is nil and the server demands a proof over the body, the
  ///     result is nil.
  ///   - digest: the hash function of an algorithm.
  package mutating func authorization(
    user: String, password: String, method: String, target: String, content: [UInt8]?,
    by digest: (DigestChallenge.Algorithm, [UInt8]) -> [UInt8]
  ) -> String? {
    if challenge.quality == .authInt, content == nil { return nil }
    count += 1
    return challenge.authorization(
      user: user, password: password, method: method, target: target, content: content ?? [], count: count,
      clientNonce: clientNonce, by: digest)
  }
}

/// One authentication scheme that a server offers (RFC 9110 §11.6.1).
struct AuthenticationChallenge {
  /// In lower case.
  package let scheme: String
  private var parameters: [(name: String, value: String)] = []

  package subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

  /// The challenges in the value of a WWW-Authenticate field. It stops at the first malformed one.
  package static func parse(_ value: String) -> [AuthenticationChallenge] {
    var challenges: [AuthenticationChallenge] = []
    var rest = Substring(value)
    func skip(_ characters: Set<Character>) { rest = rest.drop { characters.contains($0) } }
    func token() -> String {
      let token = rest.prefix { !" \t,=\"".contains($0) }
      rest = rest[token.endIndex...]
      return token.lowercased()
    }
    while true {
      skip([" ", "\t", ","])
      let name = token()
      if name.isEmpty { return challenges }
      skip([" ", "\t"])
      guard rest.first == "=", !challenges.isEmpty else {
        challenges.append(AuthenticationChallenge(scheme: name))
        continue
      }
      rest = rest.dropFirst()
      skip([" ", "\t"])
      guard let value = rest.first == "\"" ? rest.takeQuotedString() : plain(&rest) else { return challenges }
      challenges[challenges.count - 1].parameters.append((name, value))
    }
  }

  private init(scheme: String) { self.scheme = scheme }

  private static func plain(_ rest: inout Substring) -> String? {
    let value = rest.prefix { !" \t,".contains($0) }
    rest = rest[value.endIndex...]
    return String(value)
  }
}

extension String {
  /// RFC 9110 §5.6.4.
  fileprivate var quoted: String {
    "\"" + map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
  }
}

// Isomorphic encode and decode, as the Infra standard names them.
extension String {
  /// Isomorphic decode: each byte becomes the character of its number.
  package init(isomorphic bytes: [UInt8]) {
    self.init()
    unicodeScalars.append(contentsOf: bytes.lazy.map { Unicode.Scalar($0) })
  }

  /// The inverse of `init(isomorphic:)`.
  package var isomorphicBytes: [UInt8] { unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
}

extension [UInt8] {
  /// Two lower-case digits a byte.
  package var hexadecimal: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
