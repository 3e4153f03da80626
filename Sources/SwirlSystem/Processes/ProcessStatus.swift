import SwirlPlatform

/// How a process ended.
public enum ProcessStatus: Sendable, Hashable, CustomStringConvertible {
  /// It exited with this code; zero is success.
  case exited(Int32)
  /// A signal ended it, such as `SIGKILL`.
  case signalled(Int32)

  /// From the result of `waitid`.
  init(_ info: siginfo_t) {
    #if os(Linux)
    // A macro of <signal.h>, which Swift does not import.
    let number = info._sifields._sigchld.si_status
    #else
    let number = info.si_status
    #endif
    self = info.si_code == Int32(CLD_EXITED) ? .exited(number) : .signalled(number)
  }

  /// Whether it exited with code zero.
  public var isSuccess: Bool { self == .exited(0) }

  /// `exit code 1`, `signal 9`.
  public var description: String {
    switch self {
    case .exited(let code): "exit code \(code)"
    case .signalled(let number): "signal \(number)"
    }
  }
}
