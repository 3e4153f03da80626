/// What the system takes as bytes: a path, a program's argument, an environment variable. POSIX gives these no encoding.
///
/// A `String` is its UTF-8. Names that are no UTF-8 are given, and arrive, as bytes:
///
/// ```swift
/// reactor.files.read([0x63, 0x61, 0x66, 0xe9])  // "café" in Latin-1
/// reactor.processOutput("ls", ["-l", bytes])
/// ```
///
/// Python: `os.PathLike` beside `str` and `bytes`.
public protocol SystemBytes: Sendable {
  /// The bytes, without the zero byte that ends them in C.
  var systemBytes: [UInt8] { get }
}

extension String: SystemBytes {
  /// Its UTF-8.
  public var systemBytes: [UInt8] { Array(utf8) }
}

extension [UInt8]: SystemBytes {
  /// Itself.
  public var systemBytes: [UInt8] { self }
}
