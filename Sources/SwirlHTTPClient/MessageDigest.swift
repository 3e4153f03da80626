import COpenSSL
import SwirlHTTPCore
import SwirlTLS

/// Hashes of bytes in memory.
enum MessageDigest {
  static func sha256(_ bytes: [UInt8]) -> [UInt8] { hash(bytes, EVP_sha256()) }

  /// The hash function of an algorithm of Digest authentication.
  static func hash(_ algorithm: DigestChallenge.Algorithm, _ bytes: [UInt8]) -> [UInt8] {
    switch algorithm {
    case .md5: hash(bytes, EVP_md5())
    case .sha256: hash(bytes, EVP_sha256())
    case .sha512Truncated: hash(bytes, EVP_sha512_256())
    case .sha512: hash(bytes, EVP_sha512())
    }
  }

  /// - Parameter method: from OpenSSL's `EVP_` functions.
  private static func hash(_ bytes: [UInt8], _ method: OpaquePointer?) -> [UInt8] {
    OpenSSL.isReady
    var output = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    // OpenSSL reads `bytes.count` bytes, and writes at most the length of the longest hash.
    EVP_Digest(bytes, bytes.count, &output, &length, method, nil)
    return Array(output.prefix(Int(length)))
  }
}
