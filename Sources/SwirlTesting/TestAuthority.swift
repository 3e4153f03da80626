import COpenSSL
import SwirlNet
public import SwirlTLS

/// A certificate authority for tests of TLS connections. It issues valid certificates, and invalid ones that a client
/// must refuse.
///
/// ```swift
/// let authority = TestAuthority()
/// try server.listen(0, tls: .server(authority.identity(for: "localhost", "127.0.0.1")))
/// configuration.tls.roots = [authority.root]
/// ```
///
/// All of it is in memory. Only a client that trusts ``root`` accepts its certificates.
public final class TestAuthority {
  /// The validity period of a certificate.
  public enum Validity: Sendable {
    /// From yesterday until tomorrow.
    case now
    /// Until yesterday: expired.
    case over
    /// From tomorrow.
    case notYet
  }

  private let name: String
  private let certificate: OpaquePointer
  private let key: OpaquePointer
  /// The issuer of this authority's certificate; nil if it is self-signed.
  private let issuer: TestAuthority?
  private var serial = 1

  /// A self-signed root authority.
  /// - Parameter name: its common name.
  public convenience init(_ name: String = "Test Root") { self.init(name, issuer: nil) }

  private init(_ name: String, issuer: TestAuthority?) {
    OpenSSL.isReady
    self.name = name
    self.issuer = issuer
    key = Self.makeKey()
    certificate = Self.make(
      name, key: key, serial: issuer?.nextSerial() ?? 1, .now, signer: issuer.map { ($0.certificate, $0.key) },
      extensions: [(NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign,cRLSign")])
  }

  deinit {
    X509_free(certificate)
    EVP_PKEY_free(key)
  }

  /// An authority whose certificate this one signs.
  public func intermediate(_ name: String = "Test Intermediate") -> TestAuthority {
    TestAuthority(name, issuer: self)
  }

  /// This authority's own certificate, to configure as trusted.
  public var root: TLSConfiguration.PEM { .text(pem { PEM_write_bio_X509($0, certificate) }) }

  /// A certificate for `hosts`, with its key and the chain up to the root.
  /// - Parameters:
  ///   - hosts: host names and IP addresses.
  ///   - validity: the validity period.
  ///   - isChainWhole: whether to include the intermediate certificates, as servers should.
  ///   - isRevoked: whether to staple an OCSP response that says it is revoked.
  ///   - password: encrypts the key; nil leaves it unencrypted.
  public func identity(
    for hosts: String..., validity: Validity = .now, isChainWhole: Bool = true, isRevoked: Bool = false,
    password: String? = nil
  ) -> TLSConfiguration.Identity {
    let ownKey = Self.makeKey()
    let names = hosts.map { (SocketAddress(ip: $0, port: 0) == nil ? "DNS:" : "IP:") + $0 }.joined(separator: ",")
    let own = Self.make(
      hosts[0], key: ownKey, serial: nextSerial(), validity, signer: (certificate, key),
      extensions: [(NID_subject_alt_name, names)])
    defer {
      X509_free(own)
      EVP_PKEY_free(ownKey)
    }
    var chain = pem { PEM_write_bio_X509($0, own) }
    var between = isChainWhole ? self : nil
    while let authority = between, authority.issuer != nil {
      chain += pem { PEM_write_bio_X509($0, authority.certificate) }
      between = authority.issuer
    }
    let keyText = pem { output in
      guard let password else { return PEM_write_bio_PrivateKey(output, ownKey, nil, nil, 0, nil, nil) }
      var bytes = Array(password.utf8)
      return PEM_write_bio_PrivateKey(output, ownKey, EVP_aes_256_cbc(), &bytes, Int32(bytes.count), nil, nil)
    }
    return TLSConfiguration.Identity(
      chain: .text(chain), privateKey: .text(keyText), password: password,
      stapledResponse: isRevoked ? revocation(of: own) : nil)
  }

  /// The authority's own certificate with its key, as a server with a self-signed certificate has it. It is not valid
  /// for 127.0.0.1.
  public func selfSigned() -> TLSConfiguration.Identity {
    TLSConfiguration.Identity(
      chain: root, privateKey: .text(pem { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }))
  }

  /// The hash of the public key of `identity`, for `TLSConfiguration.pinnedPublicKeys`.
  public func pin(of identity: TLSConfiguration.Identity) -> String {
    guard let reader = try? PEMReader(identity.chain), let certificate = try? reader.nextCertificate() else {
      preconditionFailure("there is no certificate in the identity")
    }
    defer { X509_free(certificate) }
    return TLSContext.pin(of: certificate)
  }

  private func nextSerial() -> Int {
    serial += 1
    return serial
  }

  // MARK: - OpenSSL

  private static func makeKey() -> OpaquePointer {
    let maker = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nil)
    defer { EVP_PKEY_CTX_free(maker) }
    var key: OpaquePointer?
    EVP_PKEY_keygen_init(maker)
    EVP_PKEY_keygen(maker, &key)
    return key!
  }

  private static func make(
    _ name: String, key: OpaquePointer, serial: Int, _ validity: Validity,
    signer: (certificate: OpaquePointer, key: OpaquePointer)?, extensions: [(Int32, String)]
  ) -> OpaquePointer {
    let day = 24 * 60 * 60
    let certificate = X509_new()!
    X509_set_version(certificate, 2)
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial)
    X509_gmtime_adj(X509_getm_notBefore(certificate), validity == .notYet ? day : validity == .now ? -day : -2 * day)
    X509_gmtime_adj(X509_getm_notAfter(certificate), validity == .over ? -day : validity == .now ? day : 2 * day)
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, name, -1, -1, 0)
    X509_set_issuer_name(certificate, X509_get_subject_name(signer?.certificate ?? certificate))
    X509_set_pubkey(certificate, key)
    for (kind, value) in extensions {
      let made = X509V3_EXT_conf_nid(nil, nil, kind, value)
      X509_add_ext(certificate, made, -1)
      X509_EXTENSION_free(made)
    }
    // Ed25519 includes its own digest.
    precondition(X509_sign(certificate, signer?.key ?? key, nil) > 0, "OpenSSL did not sign a certificate")
    return certificate
  }

  /// The OCSP response (RFC 6960) that says that `revoked` was revoked an hour ago.
  private func revocation(of revoked: OpaquePointer) -> [UInt8] {
    let answer = OCSP_BASICRESP_new()
    let now = X509_gmtime_adj(nil, 0)
    let hourAgo = X509_gmtime_adj(nil, -3600)
    let tomorrow = X509_gmtime_adj(nil, 24 * 3600)
    let id = OCSP_cert_to_id(EVP_sha1(), revoked, certificate)
    OCSP_basic_add1_status(answer, id, V_OCSP_CERTSTATUS_REVOKED, 0, hourAgo, now, tomorrow)
    precondition(OCSP_basic_sign(answer, certificate, key, nil, nil, 0) == 1, "OpenSSL did not sign an answer")
    let response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, answer)
    defer {
      for time in [now, hourAgo, tomorrow] { ASN1_TIME_free(time) }
      OCSP_CERTID_free(id)
      OCSP_BASICRESP_free(answer)
      OCSP_RESPONSE_free(response)
    }
    var bytes: UnsafeMutablePointer<UInt8>?
    let length = i2d_OCSP_RESPONSE(response, &bytes)
    defer { CRYPTO_free(bytes, nil, 0) }
    return Array(UnsafeBufferPointer(start: bytes, count: Int(length)))
  }

  private func pem(_ write: (OpaquePointer) -> Int32) -> String {
    let output = BIO_new(BIO_s_mem())!
    defer { BIO_free(output) }
    precondition(write(output) == 1, "OpenSSL did not write PEM")
    var text = [UInt8](repeating: 0, count: BIO_ctrl_pending(output))
    BIO_read(output, &text, Int32(text.count))
    return String(decoding: text, as: UTF8.self)
  }
}
