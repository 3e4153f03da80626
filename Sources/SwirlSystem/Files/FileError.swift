import SwirlPlatform

/// A file operation failed: the file, the operation, and why.
public struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The operation: `open`, `read`, `write`, `rename`, `remove`, `lock`, `watch`.
  public let action: String
  /// The file; invalid UTF-8 in its path is replaced by U+FFFD.
  public let path: String
  /// The system's error number; zero if the cause is not a system call.
  public let errno: Int32
  /// What went wrong, in words.
  public let reason: String

  package init(_ action: String, _ path: some SystemBytes, errno: Int32 = 0, reason: String? = nil) {
    self.action = action
    self.path = SystemPath(path).description
    self.errno = errno
    self.reason = reason ?? Self.words(for: errno)
  }

  /// The message for an error number. Some say what to do.
  private static func words(for errno: Int32) -> String {
    let words = String(cString: strerror(errno))
    return switch errno {
    case EFBIG: "\(words): more than the limit of this process (ulimit -f), or of the file system, allows"
    case EMFILE, ENFILE: "\(words): raise the limit (ulimit -n), or open fewer files at once"
    default: words
    }
  }

  /// Such as `open /tmp/x: No such file or directory`.
  public var description: String { "\(action) \(path): \(reason)" }
}
