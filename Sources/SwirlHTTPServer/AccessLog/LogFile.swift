import SwirlPlatform
import SwirlSystem

/// The file that lines are appended to. One thread at a time uses it.
///
/// Unchecked, because the thread of a `LogWriter` alone uses it.
final class LogFile: @unchecked Sendable {
  private let name: String
  private var descriptor: Int32
  /// nil for a descriptor of the process, which stays as it is.
  private let path: String?

  /// Opens the file at `path`, or creates it.
  init(_ path: String) throws {
    (name, self.path) = (path, path)
    descriptor = try Self.open(path)
  }

  /// A descriptor that was open before.
  init(descriptor: Int32, _ name: String) {
    (self.name, self.descriptor, path) = (name, descriptor, nil)
  }

  deinit { if path != nil { close(descriptor) } }

  private static func open(_ path: String) throws -> Int32 {
    guard !path.utf8.contains(0) else { throw FileError("open", path, reason: "a path has no NUL") }
    // Not blocking, because a named pipe without a reader would block for ever; it is an error (ENXIO).
    let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK
    // Log files are for the service and its group: they have addresses and tokens in them.
    let descriptor = SwirlPlatform.open(path, flags, 0o640)
    if descriptor < 0 { throw FileError("open", path, errno: errno) }
    return descriptor
  }

  /// Opens the path again; if that fails, the open file stays.
  func reopen() throws {
    guard let path else { return }
    let fresh = try Self.open(path)
    close(descriptor)
    descriptor = fresh
  }

  /// Writes all of it; blocks while a pipe is full.
  func write(_ bytes: [UInt8]) throws {
    var written = 0
    while written < bytes.count {
      // The pointer stays within the array, and the call only reads.
      let count = bytes.withUnsafeBytes {
        SwirlPlatform.write(descriptor, $0.baseAddress! + written, bytes.count - written)
      }
      if count >= 0 {
        written += count
      } else if errno == EAGAIN {
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&wait, 1, -1)
      } else if errno != EINTR {
        throw FileError("write", name, errno: errno)
      }
    }
  }
}
