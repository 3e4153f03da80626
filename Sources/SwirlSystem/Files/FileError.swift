import SwirlPlatform

/// A file that cannot be read or written: which, what was tried, and why not.
public struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was tried: `open`, `read`, `write`, `rename`, `remove`.
  public let action: String
  /// The file; bytes of its path that are no UTF-8 are repaired.
  public let path: String
  /// The system's number of the error; zero where it was none.
  public let errno: Int32
  /// What went wrong, in words.
  public let reason: String

  package init(_ action: String, _ path: some SystemBytes, errno: Int32 = 0, reason: String? = nil) {
    self.action = action
    self.path = SystemPath(path).description
    self.errno = errno
    self.reason = reason ?? Self.words(for: errno)
  }

  /// The words for an error number, and for some what to do.
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
