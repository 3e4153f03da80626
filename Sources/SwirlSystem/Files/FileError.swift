#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A file that cannot be read or written: which, what was tried, and why not.
public struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was tried: `open`, `read`, `write`, `rename`, `remove`.
  public let action: String
  /// The file.
  public let path: String
  /// The system's number of the error; zero where it was none.
  public let errno: Int32
  /// What went wrong, in words.
  public let reason: String

  package init(_ action: String, _ path: String, errno: Int32 = 0, reason: String? = nil) {
    self.action = action
    self.path = path
    self.errno = errno
    self.reason = reason ?? String(cString: strerror(errno))
  }

  /// Such as `open /tmp/x: No such file or directory`.
  public var description: String { "\(action) \(path): \(reason)" }
}
