import SwirlPlatform

/// A child process failed: the operation, the program, the reason, and what to do.
public struct ProcessError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of failure.
  public struct Code: Sendable, Hashable {
    private let rawValue: UInt8
    /// The program does not exist.
    public static let notFound = Code(rawValue: 0)
    /// The program's file is not executable, or not in a format that the system can execute.
    public static let notExecutable = Code(rawValue: 1)
    /// The working directory does not exist, or is not a directory.
    public static let noDirectory = Code(rawValue: 2)
    /// The system could not start it for another reason: see ``ProcessError/errno``.
    public static let cannotStart = Code(rawValue: 3)
    /// Bytes did not reach it: it has closed its input or has ended.
    public static let cannotWrite = Code(rawValue: 4)
    /// Its output could not be read.
    public static let cannotRead = Code(rawValue: 5)
    /// It wrote more than was allowed.
    public static let tooMuchOutput = Code(rawValue: 6)
    /// It ended with a non-zero status: see ``ProcessOutput/successful()``.
    public static let failed = Code(rawValue: 7)
  }

  /// The kind of failure.
  public let code: Code
  /// The program as the caller gave it.
  public let program: String
  /// The kernel's error number; zero if the cause is not a system call.
  public let errno: Int32
  private let text: String

  init(_ code: Code, _ action: String, _ program: String, errno: Int32 = 0, _ reason: String? = nil) {
    self.code = code
    self.program = program
    self.errno = errno
    let words = errno == 0 ? nil : String(cString: strerror(errno)).lowercased()
    text = "\(action) \(program): " + [words, reason].compactMap(\.self).joined(separator: ": ")
  }

  /// `start frobnicate: no such file or directory: it is in no directory of PATH; install it, or give its path`
  public var description: String { text }
}
