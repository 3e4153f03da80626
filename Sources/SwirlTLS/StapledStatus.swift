import COpenSSL

/// An authority's statement on one of its certificates, which a server sends with it (OCSP stapling, RFC 6066 §8, RFC
/// 6960).
enum StapledStatus {
  /// Whether the server sent an OCSP response that is validly signed, current, and says that the certificate is
  /// revoked.
  ///
  /// An invalid response is ignored: an attacker on the network could as well have dropped it.
  static func isRevoked(_ ssl: OpaquePointer, in context: OpaquePointer) -> Bool {
    var bytes: UnsafePointer<UInt8>?
    let length = swirl_stapled_response(ssl, &bytes)
    guard length > 0, bytes != nil, let response = d2i_OCSP_RESPONSE(nil, &bytes, length) else { return false }
    defer {
      OCSP_RESPONSE_free(response)
      OpenSSLError.clear()
    }
    guard OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL,
      let answer = OCSP_response_get1_basic(response)
    else { return false }
    defer { OCSP_BASICRESP_free(answer) }
    guard OCSP_basic_verify(answer, SSL_get0_verified_chain(ssl), SSL_CTX_get_cert_store(context), 0) > 0,
      let certificate = SSL_get1_peer_certificate(ssl)
    else { return false }
    defer { X509_free(certificate) }
    return (0..<OCSP_resp_count(answer)).contains { index in
      guard let single = OCSP_resp_get0(answer, index) else { return false }
      return isRevoked(single, X509_get0_serialNumber(certificate))
    }
  }

  private static func isRevoked(_ single: OpaquePointer, _ certificate: UnsafePointer<ASN1_INTEGER>?) -> Bool {
    // The signer was verified to be entitled for these certificates, so the serial number identifies the certificate.
    var serial: UnsafeMutablePointer<ASN1_INTEGER>?
    OCSP_id_get0_info(nil, nil, nil, &serial, OCSP_SINGLERESP_get0_id(single))
    guard let serial, ASN1_INTEGER_cmp(serial, certificate) == 0 else { return false }
    var thisUpdate: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
    var nextUpdate: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
    let status = OCSP_single_get0_status(single, nil, nil, &thisUpdate, &nextUpdate)
    // Five minutes of tolerance for clock differences.
    return status == V_OCSP_CERTSTATUS_REVOKED && OCSP_check_validity(thisUpdate, nextUpdate, 300, -1) == 1
  }
}
