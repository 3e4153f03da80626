import Glibc

/// What every server answers.
enum Pages {
  static let hello = "hello"
  static let large = [UInt8](repeating: 120, count: 1 << 20)
}

/// Tells the starter where it listens.
func listening(on port: Int) {
  print(port)
  fflush(nil)
}
