import SwirlDeferred
public import SwirlReactor

extension Reactor {
  /// Starts a program, and watches it from this reactor.
  ///
  /// ```swift
  /// let process = try reactor.spawnProcess("sort", standardInput: .pipe, standardOutput: .pipe)
  /// process.standardOutput.forEach { piece in print(piece.count) }
  /// process.standardInput.write("b\na\n")
  /// process.standardInput.close()
  /// process.ended.addCallback { status in print(status) }
  /// ```
  ///
  /// The child gets these three descriptors and no others, with all signals as they are for a new program. It does not end with this one:
  /// but what reads a pipe of ours sees its end. The thread waits until the program is there, usually a millisecond or less.
  /// Twisted: `spawnProcess`; asyncio: `create_subprocess_exec`.
  ///
  /// - Parameters:
  ///   - program: its path; one without a slash is looked for in this process's PATH, one that is relative from `workingDirectory`.
  ///   - arguments: what it is given, texts or bytes (``SystemBytes``); its own name comes before them.
  ///   - environment: its variables.
  ///   - workingDirectory: where it starts; where this process is when nil.
  ///   - standardInput: what it reads.
  ///   - standardOutput: where it writes to. A pipe has to be read, or the child will wait when it is full.
  ///   - standardError: where its messages go.
  ///   - hasOwnGroup: whether it leads a process group of its own, so that its children get the signals too that it is sent here, and
  ///     none from the terminal.
  ///   - timeout: how long it may take, until it has ended and its output with it: then it is killed, and ``ChildProcess/ended`` fails.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  /// - Throws: ``ProcessError``, when it cannot be started; nothing is left of the attempt.
  public func spawnProcess(
    _ program: any SystemBytes, _ arguments: [any SystemBytes] = [], environment: ProcessEnvironment = .inherit,
    workingDirectory: (any SystemBytes)? = nil, standardInput: ChildInputSource = .null,
    standardOutput: ChildOutputTarget = .inherit, standardError: ChildOutputTarget = .inherit,
    hasOwnGroup: Bool = false,
    timeout: Duration? = nil, file: StaticString = #fileID, line: UInt = #line
  ) throws(ProcessError) -> ChildProcess {
    try ProcessSpecification(
      program: program, arguments: arguments, environment: environment, workingDirectory: workingDirectory,
      input: standardInput, output: standardOutput, error: standardError, hasOwnGroup: hasOwnGroup, timeout: timeout,
      site: CallSite(file: file, line: line)
    ).start(on: self)
  }
}
