/// How connections are secured: TLS 1.2 and 1.3.
///
/// The defaults are for a client: the other end is verified against the roots that this system trusts, and its certificate must
/// be for the host that was asked for. A server needs an ``identity``.
public struct TLSConfiguration: Sendable, Hashable {
  /// Certificates or a key in PEM, in a file or in memory.
  public struct PEM: Sendable, Hashable, CustomStringConvertible {
    enum Place: Hashable {
      case file(String)
      case text(String)
      /// What the file at `path` held when it was read.
      case contents(String, path: String)
    }
    let place: Place

    /// In the file at `path`, a regular one: a FIFO is refused, since the reactor would wait for its writer. A server reads it at each `listen` and each `reload()`, a client when a connection is made for the
    /// first time or after the file has changed.
    public static func file(_ path: String) -> PEM { PEM(place: .file(path)) }

    /// The path, or that it is a text: never what is in it, which may be a private key.
    public var description: String {
      switch place {
      case .file(let path), .contents(_, let path): path
      case .text: "the PEM text"
      }
    }

    /// In `text`, from `-----BEGIN …` on.
    public static func text(_ text: String) -> PEM { PEM(place: .text(text)) }
  }

  /// Who this end is.
  public struct Identity: Sendable, Hashable, CustomStringConvertible {
    package internal(set) var chain: PEM
    var privateKey: PEM
    let password: String?
    let stapledResponse: [UInt8]?

    /// Where its certificates and key are, without the key's password.
    public var description: String { "the identity in \(chain) with the key in \(privateKey)" }

    /// - Parameters:
    ///   - chain: this end's certificate, and after it those that lead to a root.
    ///   - privateKey: the key of the first of them; `chain` itself when nil.
    ///   - password: what the key is encrypted with, if it is.
    ///   - stapledResponse: what the authority says of the certificate, in DER, which a server sends to clients that ask
    ///     (OCSP stapling, RFC 6066 §8).
    public init(chain: PEM, privateKey: PEM? = nil, password: String? = nil, stapledResponse: [UInt8]? = nil) {
      self.chain = chain
      self.privateKey = privateKey ?? chain
      self.password = password
      self.stapledResponse = stapledResponse
    }
  }

  /// A version of the protocol.
  public struct Version: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// As it is on the wire.
    let number: Int32

    /// TLS 1.2, RFC 5246.
    public static let tls12 = Version(number: 0x0303)
    /// TLS 1.3, RFC 8446.
    public static let tls13 = Version(number: 0x0304)

    /// Whether `a` is the older one.
    public static func < (a: Version, b: Version) -> Bool { a.number < b.number }

    /// `TLS 1.3`
    public var description: String { "TLS 1.\(number - 0x0301)" }
  }

  /// How the certificate of the other end is verified.
  public struct Verification: Sendable, Hashable {
    let isOn: Bool

    /// It must lead to a trusted root, be valid now, not be revoked by an answer that comes with it, and be for the host that was
    /// asked for.
    public static let full = Verification(isOn: true)
    /// Any certificate is taken, and so is anyone who sits between: what is sent can be read and changed on its way. For
    /// tests. ``TLSConfiguration/pinnedPublicKeys`` are still looked at. curl: `--insecure`.
    public static let dangerouslyAcceptingAnyCertificate = Verification(isOn: false)
  }

  /// How the other end is verified: by a client always, by a server when it asks for a certificate.
  public var verification = Verification.full
  /// The roots that are trusted; those of the system when nil (and of `SSL_CERT_FILE` and `SSL_CERT_DIR`). curl: `--cacert`.
  public var roots: [PEM]?
  /// Who this end is: what a server must have, and a client where servers ask for it. curl: `--cert`, `--key`.
  public var identity: Identity?
  /// If not empty, the other end's public key must be one of these: the SHA-256 hash of its SubjectPublicKeyInfo in base64, with or
  /// without `sha256//` before it. curl: `--pinnedpubkey`.
  public var pinnedPublicKeys: Set<String> = []
  /// The oldest version that is spoken.
  public var minimumVersion = Version.tls12
  /// The newest version that is spoken.
  public var maximumVersion = Version.tls13
  /// What may be spoken over the connection, the best first (ALPN, RFC 7301), such as `http/1.1`.
  public var applicationProtocols: [String] = []
  /// Whether a server asks its clients for a certificate and refuses those without a good one. Needs ``roots``: a public authority
  /// says nothing of who a client is. nginx: `ssl_verify_client on`.
  public var requiresClientCertificate = false
  /// Whether a server asks its clients for a certificate, and serves those without one too; a bad one is refused. Needs ``roots``.
  /// ``TLSInfo/peerCertificate`` tells who the client is. nginx: `ssl_verify_client optional`.
  public var requestsClientCertificate = false
  /// Whether a client lets a server of TLS 1.2 start the handshake anew on an open connection, as IIS does to ask for a certificate.
  /// Only the secure form (RFC 5746) is spoken. Off: the request is declined, and most servers then end the connection. Go:
  /// `tls.Config.Renegotiation`.
  public var allowsRenegotiation = false
  /// How long a server waits for a client to have done its part of the handshake.
  public var handshakeTimeout = Duration.seconds(10)

  /// The defaults: of a client that trusts what the system trusts.
  public init() {}

  /// A server's.
  public static func server(_ identity: Identity) -> TLSConfiguration {
    var configuration = TLSConfiguration()
    configuration.identity = identity
    return configuration
  }
}

/// What was agreed on by the two ends of a secured connection.
public struct TLSInfo: Sendable, Hashable {
  /// The version that is spoken.
  public let version: TLSConfiguration.Version
  /// The cipher suite, as the standards name it, such as `TLS_AES_256_GCM_SHA384`.
  public let cipherSuite: String
  /// What is spoken over the connection, where both ends named it (ALPN).
  public let applicationProtocol: String?
  /// Whether an earlier session was gone on with, without a certificate being sent again.
  public let isResumed: Bool
  /// The certificate of the other end, also of a session that was gone on with; nil where it has shown none. It was verified unless
  /// ``TLSConfiguration/verification`` says otherwise.
  public let peerCertificate: TLSCertificate?
}

/// What is wrong with a certificate.
public struct CertificateProblem: Sendable, Hashable, CustomStringConvertible {
  /// What is wrong and what to do, in words.
  public let description: String
  private let kind: String

  init(_ kind: String, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// Two are equal when they are of the same kind.
  public static func == (a: CertificateProblem, b: CertificateProblem) -> Bool { a.kind == b.kind }
  /// As `==` is.
  public func hash(into hasher: inout Hasher) { hasher.combine(kind) }

  /// Its time is over.
  public static let expired = CertificateProblem("expired", "its certificate has expired: it needs a new one")
  /// Its time has not begun.
  public static let notYetValid = CertificateProblem(
    "notYetValid", "its certificate is not valid yet: is this machine's clock right?")
  /// It is for other hosts.
  public static let wrongHost = CertificateProblem(
    "wrongHost", "its certificate is for another host: is this the right one?")
  /// It is signed with its own key, and not trusted.
  public static let selfSigned = CertificateProblem(
    "selfSigned", "its certificate is self-signed: if it is the right one, add it to the roots")
  /// Nobody who is trusted stands behind it, or what leads there was not sent.
  public static let unknownAuthority = CertificateProblem(
    "unknownAuthority",
    "nobody who is trusted here has signed its certificate, or it does not send the certificates between: add its root, or mend its chain"
  )
  /// It was taken back.
  public static let revoked = CertificateProblem("revoked", "its certificate was revoked by who signed it")
  /// Its key is none of those that were pinned.
  public static let notPinned = CertificateProblem("notPinned", "its public key is none of those that are pinned")
  /// Anything else; the words say what.
  public static let invalid = CertificateProblem("invalid", "its certificate is not valid")
}
