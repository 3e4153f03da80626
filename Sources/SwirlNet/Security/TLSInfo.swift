/// The negotiated parameters of a TLS connection.
public struct TLSInfo: Sendable, Hashable {
  /// The protocol version.
  public let version: TLSVersion
  /// The standard name of the cipher suite, such as `TLS_AES_256_GCM_SHA384`.
  public let cipherSuite: String
  /// The application protocol, if both sides use ALPN.
  public let applicationProtocol: String?
  /// Whether it resumed an earlier session, without sending a certificate again.
  public let isResumed: Bool
  /// The host name that the client asked for (server name indication, RFC 6066 §3); nil without one.
  public let serverName: String?
  /// The peer's certificate, also for a resumed session; nil if it has sent no certificate. It was verified unless
  /// the configuration turns verification off.
  public let peerCertificate: TLSCertificate?

  package init(
    version: TLSVersion, cipherSuite: String, applicationProtocol: String?, isResumed: Bool,
    serverName: String?, peerCertificate: TLSCertificate?
  ) {
    self.version = version
    self.cipherSuite = cipherSuite
    self.applicationProtocol = applicationProtocol
    self.isResumed = isResumed
    self.serverName = serverName
    self.peerCertificate = peerCertificate
  }
}
