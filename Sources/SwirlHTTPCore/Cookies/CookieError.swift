/// Cookies could not be loaded or saved: the operation, the file, and the reason.
public struct CookieError: Error, Sendable, CustomStringConvertible {
  /// The kind of failure, for programs to compare; later versions may add kinds.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// The code's name, as in the source.
    public let description: String

    /// The text is not a cookie file.
    public static let malformed = Code(description: "malformed")
    /// The text was written by a newer version of the library.
    public static let unknownVersion = Code(description: "unknownVersion")
    /// The file cannot be read.
    public static let cannotRead = Code(description: "cannotRead")
    /// The file cannot be written.
    public static let cannotWrite = Code(description: "cannotWrite")
  }

  /// The kind of failure.
  public let code: Code
  /// The file, if one was involved.
  public let path: String?
  /// The kernel's error number; zero if the cause is not a system call.
  public let errno: Int32
  /// The reason in words.
  public let reason: String

  package init(_ code: Code, path: String? = nil, errno: Int32 = 0, _ reason: String) {
    self.code = code
    self.path = path
    self.errno = errno
    self.reason = reason
  }

  /// `cannotRead /var/lib/jar.txt: no such file or directory`
  public var description: String { "\(code)\(path.map { " \($0)" } ?? ""): \(reason)" }
}
