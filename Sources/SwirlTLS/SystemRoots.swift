import COpenSSL
import SwirlNet
import SwirlPlatform

/// The roots that this system trusts, or those that the environment names instead (`SSL_CERT_FILE`, `SSL_CERT_DIR`).
enum SystemRoots {
  /// The path of the file with all roots.
  static var file: String {
    chosenFile ?? X509_get_default_cert_file().map { String(cString: $0) } ?? ""
  }

  private static var chosenFile: String? { environment(X509_get_default_cert_file_env()) }

  /// Throws if OpenSSL would block on one of the files, or read it for ever: it opens them by itself, the file now and
  /// those of a directory during a handshake.
  static func check() throws(NetError) {
    if let chosenFile { try check(chosenFile, namedBy: X509_get_default_cert_file_env()) }
    // A list, as PATH is.
    for folder in environment(X509_get_default_cert_dir_env())?.split(separator: ":") ?? [] {
      for name in names(in: String(folder)) where isHashed(name) {
        try check("\(folder)/\(name)", namedBy: X509_get_default_cert_dir_env())
      }
    }
  }

  /// A missing file is OpenSSL's to skip.
  private static func check(_ path: String, namedBy variable: UnsafePointer<CChar>?) throws(NetError) {
    var status = stat()
    guard stat(path, &status) == 0, !PEMReader.isReadable(status) else { return }
    let variable = variable.map { String(cString: $0) } ?? ""
    throw NetError(
      .configureTLS, path,
      reason: "\(variable) names it, and it is no regular file of at most 16 MiB: name another, or set the roots in "
        + "TLSConfiguration.roots")
  }

  private static func environment(_ variable: UnsafePointer<CChar>?) -> String? {
    variable.flatMap { getenv($0) }.map { String(cString: $0) }
  }

  /// Whether OpenSSL may look for a certificate or a revocation list in a file of this name: `9d66eef0.0`,
  /// `9d66eef0.r0`.
  static func isHashed(_ name: String) -> Bool {
    let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].count == 8 else { return false }
    let number = parts[1].first == UInt8(ascii: "r") ? parts[1].dropFirst() : parts[1]
    return !number.isEmpty && number.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  private static func names(in folder: String) -> [String] {
    guard let entries = opendir(folder) else { return [] }
    defer { closedir(entries) }
    var names: [String] = []
    while let entry = readdir(entries) {
      names.append(
        withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names
  }
}
