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
  /// The child gets these three descriptors and those that are passed, and no others, with default signal handling. It
  /// does not end with this process, but reads EOF from a pipe of ours. The call blocks until the program is executing,
  /// usually a millisecond or less. Twisted: `spawnProcess`; asyncio: `create_subprocess_exec`.
  /// - Parameters:
  ///   - program: its path. A name without a slash is looked up in this process' PATH; a relative path starts from
  ///     `workingDirectory`.
  ///   - arguments: its arguments without `argv[0]`, strings or bytes (``SystemBytes``).
  ///   - environment: its environment variables.
  ///   - workingDirectory: the directory in which it starts; nil is that of this process.
  ///   - standardInput: the source of its input.
  ///   - standardOutput: the target of its output. Read a pipe: the child blocks once it is full.
  ///   - standardError: the target of its standard error.
  ///   - descriptors: open descriptors that it gets as 3, 4, … in their order; the caller still has to close them.
  ///     asyncio: `pass_fds`; Twisted: `childFDs`.
  ///   - map: what it gets as further descriptors, by their numbers, 3 to 1,023; those between are closed.
  ///   - user: the user and the groups that it becomes before it starts; nil for those of this process.
  ///   - hasOwnGroup: whether it leads its own process group. Its children then receive the signals sent here too, and
  ///     the terminal's signals reach neither.
  ///   - timeout: the maximum time until it and its output have ended. After that it is killed, and
  ///     ``ChildProcess/ended`` fails.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  /// - Throws: ``ProcessError``, if it cannot be started. All resources are freed then.
  public func spawnProcess(
    _ program: any SystemBytes, _ arguments: [any SystemBytes] = [], environment: ProcessEnvironment = .inherit,
    workingDirectory: (any SystemBytes)? = nil, standardInput: ChildInputSource = .null,
    standardOutput: ChildOutputTarget = .inherit, standardError: ChildOutputTarget = .inherit,
    passing descriptors: [Int32] = [], descriptors map: [Int32: ChildDescriptor] = [:], user: ChildUser? = nil,
    hasOwnGroup: Bool = false, timeout: Duration? = nil,
    file: StaticString = #fileID, line: UInt = #line
  ) throws(ProcessError) -> ChildProcess {
    try ProcessSpecification(
      program: program, arguments: arguments, environment: environment, workingDirectory: workingDirectory,
      input: standardInput, output: standardOutput, error: standardError, hasOwnGroup: hasOwnGroup, timeout: timeout,
      passed: descriptors, descriptors: map, user: user, site: CallSite(file: file, line: line)
    ).start(on: self)
  }

  /// Starts a program with pipes of its own beside the standard descriptors, under a name of its own.
  package func spawnProcess(
    _ program: String, named name: String?, environment: ProcessEnvironment, descriptors: [Int32: ChildDescriptor],
    file: StaticString, line: UInt
  ) throws(ProcessError) -> ChildProcess {
    try ProcessSpecification(
      program: program, environment: environment, name: name, descriptors: descriptors,
      site: CallSite(file: file, line: line)
    ).start(on: self)
  }
}
