import COpenSSL
import Foundation

/// The expected checksums by file name: lines of `sha256sum`.
struct Checksums {
  private var known: [String: String] = [:]

  init(_ text: String) throws {
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      // A star marks binary mode, which makes no difference here.
      let name = line.dropFirst(65).drop { $0 == "*" || $0 == " " }
      guard line.prefix(64).allSatisfy(\.isHexDigit), line.dropFirst(64).first == " ", !name.isEmpty else {
        throw Failure.usage("a checksum is 64 digits and a name, not \(line)")
      }
      known[URL(filePath: String(name)).lastPathComponent] = line.prefix(64).lowercased()
    }
  }

  subscript(name: String) -> String? { known[name] }

  /// The checksum of a file. Blocks on the disk.
  static func sha256(of path: String) throws -> String {
    let file = try FileHandle(forReadingFrom: URL(filePath: path))
    defer { try? file.close() }
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    EVP_DigestInit_ex(context, EVP_sha256(), nil)
    while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
      _ = piece.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    }
    return hexDigest(context)
  }

  static func sha256(of bytes: [UInt8]) -> String {
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    EVP_DigestInit_ex(context, EVP_sha256(), nil)
    EVP_DigestUpdate(context, bytes, bytes.count)
    return hexDigest(context)
  }

  private static func hexDigest(_ context: OpaquePointer?) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    EVP_DigestFinal_ex(context, &digest, nil)
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
