import SwirlDeferred
public import SwirlReactor

#if os(Linux)
extension Reactor {
  /// Starts a program on a terminal of its own (a pseudo-terminal), which this process plays.
  ///
  /// ```swift
  /// let process = try reactor.spawnProcess("top", terminal: ChildTerminalSize(rows: 40, columns: 120))
  /// process.standardOutput.forEach { piece in print(piece.count) }
  /// process.standardInput.write("q")
  /// ```
  ///
  /// What is written to ``ChildProcess/standardInput`` is typed there: it is echoed until the program turns that off,
  /// `"\r"` or `"\n"` is the return key, `"\u{3}"` Ctrl-C. ``ChildProcess/standardOutput`` has both outputs of the
  /// program and the echo, with `"\r\n"` for each line. The program leads a session, whose controlling terminal
  /// this is: when it ends, and when the terminal is closed, its other programs get SIGHUP.
  /// ``ChildProcess/resize(to:)`` changes
  /// the size. A program that reads and writes nothing holds the loop up in neither direction: `drain()` then waits.
  ///
  /// The process is forked, which takes the longer the more memory this one has. Set `TERM` in the environment if it
  /// is not set here. Twisted: `usePTY`; Python: `pty.spawn`, pexpect.
  /// - Parameters:
  ///   - program: its path, as for the form without a terminal, with the next three.
  ///   - arguments: its arguments without `argv[0]`.
  ///   - environment: its environment variables.
  ///   - workingDirectory: the directory in which it starts.
  ///   - terminal: the size of the terminal.
  ///   - descriptors: what it gets as further descriptors, by their numbers.
  ///   - user: the user and the groups that it becomes before it starts.
  ///   - timeout: the maximum time until it and its output have ended.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  /// - Throws: ``ProcessError``, if it cannot be started. All resources are freed then.
  public func spawnProcess(
    _ program: any SystemBytes, _ arguments: [any SystemBytes] = [], environment: ProcessEnvironment = .inherit,
    workingDirectory: (any SystemBytes)? = nil, terminal: ChildTerminalSize,
    descriptors: [Int32: ChildDescriptor] = [:], user: ChildUser? = nil, timeout: Duration? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) throws(ProcessError) -> ChildProcess {
    try ProcessSpecification(
      program: program, arguments: arguments, environment: environment, workingDirectory: workingDirectory,
      timeout: timeout, descriptors: descriptors, terminal: terminal, user: user,
      site: CallSite(file: file, line: line)
    ).start(on: self)
  }
}

extension ChildProcess {
  /// Changes the size of its terminal; its programs get SIGWINCH if that is another size. Does nothing without a
  /// terminal, and once the process has ended.
  public func resize(to size: ChildTerminalSize) {
    // Either may be closed already.
    if !standardInput.withTerminal({ size.apply(to: $0) }) { standardOutput.withTerminal { size.apply(to: $0) } }
  }
}
#endif
