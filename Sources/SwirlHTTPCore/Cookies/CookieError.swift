/// Why cookies could not be loaded or saved: what was attempted, with which file, what went wrong.
public struct CookieError: Error, Sendable, CustomStringConvertible {
  /// The kind of failure, to tell apart in a program; new kinds may be added.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// The code's name, as in the source.
    public let description: String

    /// The text is not cookies.
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
  /// The file, where there is one.
  public let path: String?
  /// The kernel's error number, or zero where the cause is another.
  public let errno: Int32
  /// What went wrong, in words.
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
