public import SwirlNet

/// The TLS configuration of connections: TLS 1.2 and 1.3.
///
/// The defaults are for a client: it verifies the peer against the roots that this system trusts, and the peer's
/// certificate must be for the requested host. A server needs an ``identity``.
public struct TLSConfiguration: Sendable, Hashable {
  /// Certificates or a key in PEM, in a file or in memory.
  public struct PEM: Sendable, Hashable, CustomStringConvertible {
    enum Place: Hashable {
      case file(String)
      case text(String)
      /// The contents of the file at `path` when it was read.
      case contents(String, path: String)
    }
    let place: Place

    /// In the file at `path`, a regular one: a FIFO is refused, because the reactor would block. A server reads it at
    /// each `listen` and each `reload()`, a client for its first connection and after the file has changed.
    public static func file(_ path: String) -> PEM { PEM(place: .file(path)) }

    /// The path, or that it is a text: never the contents, which may be a private key.
    public var description: String {
      switch place {
      case .file(let path), .contents(_, let path): path
      case .text: "the PEM text"
      }
    }

    /// In `text`, from `-----BEGIN …` on.
    public static func text(_ text: String) -> PEM { PEM(place: .text(text)) }
  }

  /// The identity of this side: a certificate chain and its key.
  public struct Identity: Sendable, Hashable, CustomStringConvertible {
    package internal(set) var chain: PEM
    var privateKey: PEM
    let password: String?
    let stapledResponse: [UInt8]?

    /// The places of its certificates and key, without the key's password.
    public var description: String { "the identity in \(chain) with the key in \(privateKey)" }

    /// - Parameters:
    ///   - chain: this side's certificate, followed by the intermediate ones.
    ///   - privateKey: the key of the first certificate; nil reads it from `chain`.
    ///   - password: the password of an encrypted key.
    ///   - stapledResponse: the authority's OCSP response in DER, which a server sends to clients that request it (OCSP
    ///     stapling, RFC 6066 §8).
    public init(chain: PEM, privateKey: PEM? = nil, password: String? = nil, stapledResponse: [UInt8]? = nil) {
      self.chain = chain
      self.privateKey = privateKey ?? chain
      self.password = password
      self.stapledResponse = stapledResponse
    }
  }

  /// A version of the protocol.
  public typealias Version = TLSVersion

  /// How to verify the peer's certificate.
  public struct Verification: Sendable, Hashable {
    let isOn: Bool

    /// It must chain to a trusted root, be valid now, not be revoked by a stapled response, and be for the requested
    /// host.
    public static let full = Verification(isOn: true)
    /// Accepts any certificate, and so permits man-in-the-middle attacks: they can read and change all data. For tests.
    /// ``TLSConfiguration/pinnedPublicKeys`` still apply. curl: `--insecure`.
    public static let dangerouslyAcceptingAnyCertificate = Verification(isOn: false)
  }

  /// How to verify the peer: a client always does, a server if it requests a certificate.
  public var verification = Verification.full
  /// The trusted roots; nil for those of the system (and of `SSL_CERT_FILE` and `SSL_CERT_DIR`, which
  /// must name regular files). curl: `--cacert`.
  public var roots: [PEM]?
  /// The identity of this side: required for a server, and for a client if the server requests one. curl: `--cert`,
  /// `--key`.
  public var identity: Identity?
  /// Further identities of a server, for the host names in their certificates: a client that asks for one of these
  /// (server name indication, RFC 6066 §3) meets it, any other client ``identity``. A name such as `*.example.org` is
  /// every name with one label in place of the star; a certificate with the whole name comes first, and of several with
  /// the same name the first. nginx: a `server_name` with its `ssl_certificate`; Go: `Config.Certificates`.
  public var hostIdentities: [Identity] = []
  /// Whether a server refuses a client that asks for no name, or for a name of no identity's certificate, instead of
  /// sending it ``identity``. nginx: `ssl_reject_handshake`.
  public var refusesUnknownHosts = false
  /// The keys by which a server knows clients again that it has met. By default those of this process, so that all its
  /// reactors resume a session, and `Listener.reload()` keeps it.
  public var ticketKeys = TLSTicketKeys.ofProcess
  /// If not empty, the peer's public key must be one of these: the SHA-256 hash of its SubjectPublicKeyInfo in base64,
  /// with or without `sha256//` before it. curl: `--pinnedpubkey`.
  public var pinnedPublicKeys: Set<String> = []
  /// The oldest allowed version.
  public var minimumVersion = Version.tls12
  /// The newest allowed version.
  public var maximumVersion = Version.tls13
  /// The application protocols, in order of preference (ALPN, RFC 7301), such as `http/1.1`.
  public var applicationProtocols: [String] = []
  /// Whether a server requests client certificates and refuses clients without a valid one. Needs ``roots``, because
  /// public authorities do not certify clients. nginx: `ssl_verify_client on`.
  public var requiresClientCertificate = false
  /// Whether a server requests client certificates, but also serves clients without one; it refuses an invalid one.
  /// Needs ``roots``. `TLSInfo.peerCertificate` identifies the client. nginx: `ssl_verify_client optional`.
  public var requestsClientCertificate = false
  /// Whether a client allows a TLS 1.2 server to renegotiate on an open connection, as IIS does to request a
  /// certificate. Only the secure form (RFC 5746) is supported. If false, the client declines, and most servers then
  /// end the connection. Go: `tls.Config.Renegotiation`.
  public var allowsRenegotiation = false
  /// Whether the secrets of each session are appended to the file that the environment's `SSLKEYLOGFILE` names, as
  /// curl and browsers do, so that Wireshark can decrypt recorded connections. For debugging: a program that reads that
  /// file can read the connections. Off by default, whatever the environment says. NIOSSL: `keyLogCallback`.
  public var allowsKeyLogFile = false
  /// How long a server waits for the end of the handshake.
  public var handshakeTimeout = Duration.seconds(10)

  /// The defaults, for a client with the system's trusted roots.
  public init() {}

  /// The defaults for a server.
  /// - Parameters:
  ///   - identity: its identity.
  ///   - hostIdentities: identities for other host names: see ``hostIdentities``.
  public static func server(_ identity: Identity, _ hostIdentities: Identity...) -> TLSConfiguration {
    var configuration = TLSConfiguration()
    configuration.identity = identity
    configuration.hostIdentities = hostIdentities
    return configuration
  }
}
