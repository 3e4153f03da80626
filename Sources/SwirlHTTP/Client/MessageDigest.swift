import COpenSSL
import SwirlNet

/// Hashes of bytes that are in memory as a whole.
enum MessageDigest {
  static func sha256(_ bytes: [UInt8]) -> [UInt8] { hash(bytes, EVP_sha256()) }

  /// - Parameter method: as OpenSSL's `EVP_` functions give it.
  static func hash(_ bytes: [UInt8], _ method: OpaquePointer?) -> [UInt8] {
    OpenSSL.isReady
    var output = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    // OpenSSL reads as many bytes as it is told, and writes no more than the length of the longest hash.
    EVP_Digest(bytes, bytes.count, &output, &length, method, nil)
    return Array(output.prefix(Int(length)))
  }

  static func hexadecimal(_ digest: [UInt8]) -> String {
    digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
