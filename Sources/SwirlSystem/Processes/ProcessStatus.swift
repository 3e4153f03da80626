/// How a process ended.
public enum ProcessStatus: Sendable, Hashable, CustomStringConvertible {
  /// It ended by itself, with this code; zero is success.
  case exited(Int32)
  /// A signal ended it, such as `SIGKILL`.
  case signalled(Int32)

  /// What `waitpid` gave.
  init(wait status: Int32) {
    // The macros of <sys/wait.h>, which Swift does not see.
    self = status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .signalled(status & 0x7f)
  }

  /// Whether it ended by itself with code zero.
  public var isSuccess: Bool { self == .exited(0) }

  /// `exit code 1`, `signal 9`.
  public var description: String {
    switch self {
    case .exited(let code): "exit code \(code)"
    case .signalled(let number): "signal \(number)"
    }
  }
}
