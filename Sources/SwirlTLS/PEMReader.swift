import COpenSSL
package import SwirlNet
import SwirlPlatform

/// Reads certificates and keys in PEM, one after the other.
package final class PEMReader {
  private let input: OpaquePointer
  private let name: String
  /// How many certificates were read.
  private var count = 0

  package init(_ source: TLSConfiguration.PEM) throws(NetError) {
    OpenSSL.isReady
    name = source.description
    input =
      switch source.place {
      case .file(let path): try Self.reading(try Self.contents(of: path), name)
      case .text(let text), .contents(let text, _): try Self.reading(text, name)
      }
  }

  private static func reading(_ text: String, _ name: String) throws(NetError) -> OpaquePointer {
    guard let input = BIO_new(BIO_s_mem()) else { throw NetError(.configureTLS, name, reason: OpenSSLError.take()) }
    var text = text
    text.withUTF8 { _ = BIO_write(input, $0.baseAddress, Int32($0.count)) }
    return input
  }

  /// A limit above the size of any certificate bundle.
  private static let largest = 16 << 20

  /// Whether a file of this status can be read to its end without waiting.
  static func isReadable(_ status: stat) -> Bool {
    status.st_mode & S_IFMT == S_IFREG && status.st_size <= largest
  }

  /// The contents of the file at `path`, which must be a regular file: a FIFO or a device would block the reactor until
  /// a writer comes.
  static func contents(of path: String) throws(NetError) -> String {
    // Without O_NONBLOCK the open itself blocks until a FIFO has a writer.
    let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw NetError(.configureTLS, path, errno: errno) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw NetError(.configureTLS, path, errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw NetError(
        .configureTLS, path,
        reason: "it is no regular file, and to read it may wait for ever: give a file, or the text itself with .text")
    }
    var contents: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = read(file, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw NetError(.configureTLS, path, errno: errno) }
      if count == 0 { return String(decoding: contents, as: UTF8.self) }
      contents += piece.prefix(count)
      guard contents.count <= largest else {
        throw NetError(.configureTLS, path, reason: "it has more than 16 MiB: that is no file of certificates")
      }
    }
  }

  deinit { BIO_free(input) }

  func error(_ reason: String) -> NetError { NetError(.configureTLS, name, reason: reason) }

  /// The caller frees it; nil after the last certificate.
  /// - Throws: for a certificate that is broken or cut: without it, what is behind would be missing, too.
  package func nextCertificate() throws(NetError) -> OpaquePointer? {
    defer { OpenSSLError.clear() }
    if let certificate = PEM_read_bio_X509(input, nil, Self.noPassword, nil) {
      count += 1
      return certificate
    }
    let failure = ERR_peek_last_error()
    if ERR_GET_LIB(failure) == Int32(ERR_LIB_PEM), ERR_GET_REASON(failure) == PEM_R_NO_START_LINE { return nil }
    throw error("its certificate \(count + 1) is broken (\(OpenSSLError.take()))")
  }

  /// The caller frees it.
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
    // The second if the PEM has another kind of object, or an unknown kind of key.
    case PEM_R_NO_START_LINE, Int32(ERR_R_UNSUPPORTED):
      throw error("there is no private key in it that OpenSSL can read")
    default:
      throw error("the private key cannot be read\(password == nil ? "" : ": is it the right password?") (\(reason))")
    }
  }

  /// Reports that no password is known. Otherwise OpenSSL would ask for it on the terminal.
  private static let noPassword:
    @convention(c) (
      UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?
    ) -> Int32 = { _, _, _, _ in -1 }
}
