import COpenSSL
import SwirlPlatform

/// Certificates and keys in PEM, one after the other.
package final class PEMReader {
  private let input: OpaquePointer
  private let name: String

  package init(_ source: TLSConfiguration.PEM) throws(NetError) {
    OpenSSL.isReady
    switch source.place {
    case .file(let path):
      name = path
      input = try Self.open(path)
    case .text(let text):
      name = "the PEM text"
      input = try Self.open(text: text, name)
    case .contents(let text, let path):
      name = path
      input = try Self.open(text: text, path)
    }
  }

  private static func open(_ path: String) throws(NetError) -> OpaquePointer {
    if let input = BIO_new_file(path, "r") { return input }
    let reason = errno
    OpenSSLError.clear()
    throw NetError(.configureTLS, path, errno: reason)
  }

  private static func open(text: String, _ name: String) throws(NetError) -> OpaquePointer {
    guard let input = BIO_new(BIO_s_mem()) else { throw NetError(.configureTLS, name, reason: OpenSSLError.take()) }
    var text = text
    text.withUTF8 { _ = BIO_write(input, $0.baseAddress, Int32($0.count)) }
    return input
  }

  /// What the file at `path` holds.
  static func contents(of path: String) throws(NetError) -> String {
    OpenSSL.isReady
    let input = try open(path)
    defer { BIO_free(input) }
    var contents: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      errno = 0
      let count = BIO_read(input, &piece, Int32(piece.count))
      if count > 0 {
        contents += piece.prefix(Int(count))
        continue
      }
      let reason = errno
      OpenSSLError.clear()
      if count < 0, reason != 0 { throw NetError(.configureTLS, path, errno: reason) }
      return String(decoding: contents, as: UTF8.self)
    }
  }

  deinit { BIO_free(input) }

  func error(_ reason: String) -> NetError { NetError(.configureTLS, name, reason: reason) }

  /// The caller's to free; nil when there is none left.
  package func nextCertificate() -> OpaquePointer? {
    let certificate = PEM_read_bio_X509(input, nil, Self.noPassword, nil)
    OpenSSLError.clear()
    return certificate
  }

  /// The caller's to free.
  func privateKey(password: String?) throws(NetError) -> OpaquePointer {
    let key: OpaquePointer? =
      if var password = password.map({ Array($0.utf8CString) }) {
        // Without a callback the last argument is the password.
        PEM_read_bio_PrivateKey(input, nil, nil, &password)
      } else {
        PEM_read_bio_PrivateKey(input, nil, Self.noPassword, nil)
      }
    if let key { return key }
    let failure = ERR_GET_REASON(ERR_peek_last_error())
    let reason = OpenSSLError.take()
    switch failure {
    case PEM_R_BAD_PASSWORD_READ: throw error("the private key is encrypted: give its password")
    // The second where there is something else in PEM, or a key of a kind that OpenSSL does not know.
    case PEM_R_NO_START_LINE, Int32(ERR_R_UNSUPPORTED):
      throw error("there is no private key in it that OpenSSL can read")
    default:
      throw error("the private key cannot be read\(password == nil ? "" : ": is it the right password?") (\(reason))")
    }
  }

  /// Says that there is no password. OpenSSL would ask for it on the terminal.
  private static let noPassword:
    @convention(c) (
      UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?
    ) -> Int32 = { _, _, _, _ in -1 }
}
