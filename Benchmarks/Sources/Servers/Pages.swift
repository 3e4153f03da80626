import Glibc

/// The responses of every server.
enum Pages {
  static let hello = "hello"
  static let large = [UInt8](repeating: 120, count: 1 << 20)
}

/// Prints the port for the calling script.
func listening(on port: Int) {
  print(port)
  fflush(nil)
}
