import COpenSSL

/// HMAC with SHA-256 (RFC 2104).
package enum MessageAuthentication {
  /// The code of `message`: 32 bytes.
  package static func code(of message: [UInt8], key: [UInt8]) -> [UInt8] {
    OpenSSL.isReady
    var output = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length = 0
    // OpenSSL reads `key.count` and `message.count` bytes, and writes at most `output.count`.
    let done = EVP_Q_mac(
      nil, "HMAC", nil, "SHA256", nil, key, key.count, message, message.count, &output, output.count, &length)
    // It fails only without memory, or without the algorithm, which a build for FIPS has too.
    precondition(done != nil && length == 32, "OpenSSL has no HMAC with SHA-256")
    return Array(output.prefix(length))
  }

  /// Whether two codes are equal, in a time that does not depend on their content.
  package static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
  }
}
