/// The certificate of a peer (X.509, RFC 5280).
public struct TLSCertificate: Sendable, Hashable {
  /// The certificate in DER.
  public let der: [UInt8]

  package init(der: [UInt8]) { self.der = der }
}
