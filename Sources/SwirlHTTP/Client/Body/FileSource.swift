import SwirlDeferred
import SwirlReactor

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file that cannot be read or written: which, and why.
public struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was tried: `open`, `read`, `write`.
  public let action: String
  /// The file.
  public let path: String
  /// The system's number of the error; zero where it was none.
  public let errno: Int32
  /// What went wrong, in words.
  public let reason: String

  init(_ action: String, _ path: String, errno: Int32 = 0, reason: String? = nil) {
    self.action = action
    self.path = path
    self.errno = errno
    self.reason = reason ?? String(cString: strerror(errno))
  }

  /// Such as `open /tmp/x: No such file or directory`.
  public var description: String { "\(action) \(path): \(reason)" }
}

/// A file, read in pieces on the reactor's thread pool.
final class FileSource: BodySource {
  private let file: OpenFile

  init(_ path: String) { file = OpenFile(path) }

  func next() -> Deferred<[UInt8]?> { deferToThread { [file] in try file.read() } }

  static func length(of path: String) throws -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileError("open", path, errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError("open", path, reason: "it is no file") }
    return Int(status.st_size)
  }
}

/// Unchecked: it is used by one thread at a time, since the next piece is asked for when the one before has come.
private final class OpenFile: @unchecked Sendable {
  /// To ask a thread for a piece costs more than to read 64 KiB; what is larger leaves the cache before it is sent.
  private static let pieceLength = 256 * 1024
  private let path: String
  private var descriptor: Int32 = -1

  init(_ path: String) { self.path = path }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func read() throws -> [UInt8]? {
    if descriptor < 0 {
      descriptor = open(path, O_RDONLY | O_CLOEXEC)
      if descriptor < 0 { throw FileError("open", path, errno: errno) }
    }
    var count = 0
    let piece = [UInt8](unsafeUninitializedCapacity: Self.pieceLength) { buffer, initialized in
      repeat { count = readFile(descriptor, buffer.baseAddress!, buffer.count) } while count < 0 && errno == EINTR
      initialized = max(0, count)
    }
    if count < 0 { throw FileError("read", path, errno: errno) }
    return piece.isEmpty ? nil : piece
  }
}

// The method above has its name.
private func readFile(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer, _ room: Int) -> Int {
  read(descriptor, bytes, room)
}
