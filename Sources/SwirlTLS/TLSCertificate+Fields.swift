import COpenSSL
public import SwirlNet

extension TLSCertificate {
  /// The caller frees the certificate; nil without one.
  init?(_ certificate: OpaquePointer?) {
    guard let certificate else { return nil }
    var encoded: UnsafeMutablePointer<UInt8>?
    let length = i2d_X509(certificate, &encoded)
    guard length > 0, let encoded else { return nil }
    defer { CRYPTO_free(encoded, nil, 0) }
    self.init(der: Array(UnsafeBufferPointer(start: encoded, count: Int(length))))
  }

  /// Its subject in the form of RFC 2253: `CN=alice,O=Example`. nginx: `$ssl_client_s_dn`.
  public var subject: String { withCertificate { Self.text(X509_get_subject_name($0)) } }

  /// Its issuer in the form of RFC 2253. nginx: `$ssl_client_i_dn`.
  public var issuer: String { withCertificate { Self.text(X509_get_issuer_name($0)) } }

  /// The serial number in hexadecimal digits, as `openssl x509 -serial` prints it.
  public var serialNumber: String {
    withCertificate { certificate in
      guard let number = ASN1_INTEGER_to_BN(X509_get_serialNumber(certificate), nil) else { return "" }
      defer { BN_free(number) }
      guard let digits = BN_bn2hex(number) else { return "" }
      defer { CRYPTO_free(digits, nil, 0) }
      return String(cString: digits)
    }
  }

  /// Its alternative names (RFC 5280 §4.2.1.6), each with its kind as a prefix: `DNS:a.example`, `email:a@example`,
  /// `URI:spiffe://a`. Names of other kinds are omitted.
  public var subjectAlternativeNames: [String] {
    withCertificate { certificate in
      Self.alternativeNames(of: certificate).compactMap { kind, bytes in
        switch kind {
        case GEN_DNS: "DNS:" + String(decoding: bytes, as: UTF8.self)
        case GEN_EMAIL: "email:" + String(decoding: bytes, as: UTF8.self)
        case GEN_URI: "URI:" + String(decoding: bytes, as: UTF8.self)
        default: nil
        }
      }
    }
  }

  private func withCertificate<Result>(_ body: (OpaquePointer) -> Result) -> Result {
    der.withUnsafeBufferPointer { bytes in
      var start = bytes.baseAddress
      guard let certificate = d2i_X509(nil, &start, bytes.count) else {
        preconditionFailure("OpenSSL cannot decode a certificate that it has encoded")
      }
      defer { X509_free(certificate) }
      return body(certificate)
    }
  }

  private static func text(_ name: OpaquePointer?) -> String {
    guard let output = BIO_new(BIO_s_mem()) else { return "" }
    defer { BIO_free(output) }
    swirl_print_name(output, name)
    var text = [UInt8](repeating: 0, count: BIO_ctrl_pending(output))
    let count = BIO_read(output, &text, Int32(text.count))
    return String(decoding: text.prefix(max(0, Int(count))), as: UTF8.self)
  }

  /// The DNS names among its alternative names, in lower case.
  static func hostNames(of certificate: OpaquePointer) -> [String] {
    alternativeNames(of: certificate).filter { $0.kind == GEN_DNS }
      .map { String(decoding: $0.bytes, as: UTF8.self).lowercased() }
  }

  /// The alternative names that are strings, with their kinds.
  static func alternativeNames(of certificate: OpaquePointer) -> [(kind: Int32, bytes: [UInt8])] {
    guard let found = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
    let names = OpaquePointer(found)
    defer { GENERAL_NAMES_free(names) }
    return (0..<swirl_name_count(names)).compactMap { index in
      var kind: Int32 = 0
      guard let value = GENERAL_NAME_get0_value(swirl_name_at(names, index), &kind),
        kind == GEN_DNS || kind == GEN_EMAIL || kind == GEN_URI
      else { return nil }
      let string = value.assumingMemoryBound(to: ASN1_STRING.self)
      let bytes = UnsafeBufferPointer(start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string)))
      return (kind, Array(bytes))
    }
  }
}
