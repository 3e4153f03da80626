import Foundation

/// Asks for the passwords that -u and -U leave out. Blocks until they are typed, so it comes before the reactor runs:
/// then a signal ends the program also while it waits.
enum Password {
  static func complete(_ options: Options) -> Options {
    var options = options
    options.user = complete(options.user, for: "host")
    options.proxyUser = complete(options.proxyUser, for: "proxy")
    return options
  }

  /// `user:password`.
  private static func complete(_ user: String?, for whom: String) -> String? {
    // Without a terminal to ask at, it is empty.
    guard let user, !user.contains(":"), isatty(0) == 1 else { return user }
    guard let typed = ask("Enter \(whom) password for user '\(user)': ") else { return user }
    return "\(user):\(typed)"
  }

  // MARK: - The terminal

  // Unsafe, because handlers of signals use them: they are set before the handlers are, and stay until those are
  // removed.
  private nonisolated(unsafe) static var terminal: Int32 = -1
  private nonisolated(unsafe) static var (visible, hidden) = (termios(), termios())

  private static let ending = [SIGINT, SIGTERM, SIGQUIT, SIGHUP]

  private static func ask(_ prompt: String) -> String? {
    terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0, tcgetattr(terminal, &visible) == 0 else { return nil }
    defer { close(terminal) }
    hidden = visible
    hidden.c_lflag &= ~tcflag_t(ECHO)
    let handlers = ending.map { ($0, signal($0, end)) } + [(SIGTSTP, signal(SIGTSTP, suspend))]
    defer { for (number, handler) in handlers { signal(number, handler) } }
    tcsetattr(terminal, TCSAFLUSH, &hidden)
    defer { tcsetattr(terminal, TCSAFLUSH, &visible) }
    put(prompt)
    defer { put("\n") }
    var (line, byte): ([UInt8], UInt8) = ([], 0)
    while true {
      let count = read(terminal, &byte, 1)
      if count < 0, errno == EINTR { continue }
      if count <= 0 || byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
      line.append(byte)
    }
  }

  private static func put(_ text: String) { _ = write(terminal, text, text.utf8.count) }

  // Handlers make only calls that POSIX allows in one.

  private static let end: @convention(c) (Int32) -> Void = { number in
    tcsetattr(terminal, TCSANOW, &visible)
    var lineFeed = UInt8(ascii: "\n")
    _ = write(terminal, &lineFeed, 1)
    _exit(128 + number)
  }

  /// Stops as without a handler, with a terminal that shows what is typed. Afterwards the prompt still holds.
  private static let suspend: @convention(c) (Int32) -> Void = { number in
    tcsetattr(terminal, TCSANOW, &visible)
    let handler = signal(number, SIG_DFL)
    var (wanted, previous) = (sigset_t(), sigset_t())
    sigemptyset(&wanted)
    sigaddset(&wanted, number)
    raise(number)
    // It was blocked up to here, and stops the program now.
    sigprocmask(SIG_UNBLOCK, &wanted, &previous)
    sigprocmask(SIG_SETMASK, &previous, nil)
    signal(number, handler)
    tcsetattr(terminal, TCSANOW, &hidden)
  }
}
