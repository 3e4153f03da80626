/// Bytes for the system: a path, a program's argument, an environment variable. POSIX defines no encoding for them.
///
/// A `String` stands for its UTF-8. A name that is not UTF-8 passes unchanged as bytes:
///
/// ```swift
/// reactor.files.read([0x63, 0x61, 0x66, 0xe9])  // "café" in Latin-1
/// reactor.processOutput("ls", ["-l", bytes])
/// ```
///
/// Python: `os.PathLike` beside `str` and `bytes`.
public protocol SystemBytes: Sendable {
  /// The bytes, without C's terminating zero byte.
  var systemBytes: [UInt8] { get }
}

extension String: SystemBytes {
  /// The string's UTF-8.
  public var systemBytes: [UInt8] { Array(utf8) }
}

extension [UInt8]: SystemBytes {
  /// The array itself.
  public var systemBytes: [UInt8] { self }
}
