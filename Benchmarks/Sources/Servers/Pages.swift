import Glibc
import Measure

/// The responses of every server.
enum Pages {
  static let hello = "hello"
  static let large = [UInt8](repeating: 120, count: 1 << 20)
}

/// What a server over TLS shows: two files in PEM.
struct Identity {
  let certificate: String
  let key: String

  /// As the command line says; nil for a server without TLS.
  init?(_ options: Options) {
    guard let certificate = options.text("--certificate"), let key = options.text("--key") else { return nil }
    self.certificate = certificate
    self.key = key
  }
}

/// Prints the port for the calling script.
func listening(on port: Int) {
  print(port)
  fflush(nil)
}
