public import SwirlDeferred
import SwirlPlatform
public import SwirlReactor

/// The result of a program that ran to its end.
public struct ProcessOutput: Sendable, Hashable {
  /// The program as the caller gave it; invalid UTF-8 is replaced by U+FFFD.
  public let program: String
  /// How it ended.
  public let status: ProcessStatus
  /// The bytes that it wrote to the standard output.
  public let standardOutput: [UInt8]
  /// The bytes that it wrote to the standard error.
  public let standardError: [UInt8]

  /// The standard output, decoded as UTF-8.
  public var text: String { String(decoding: standardOutput, as: UTF8.self) }
  /// The standard error, decoded as UTF-8.
  public var errorText: String { String(decoding: standardError, as: UTF8.self) }

  /// Returns itself if the program exited with code zero.
  /// - Throws: ``ProcessError`` with the code `.failed`, the status, and the last line of its standard error.
  public func successful() throws(ProcessError) -> ProcessOutput {
    if status.isSuccess { return self }
    let words = errorText.split(whereSeparator: \.isNewline).last.map { ": \($0)" } ?? ""
    throw ProcessError(.failed, "run", program, "it ended with \(status)\(words)")
  }
}

extension Reactor {
  /// Runs a program to its end, and gives its status and its whole output.
  ///
  /// ```swift
  /// reactor.processOutput("ls", ["-l"]).addCallback { output in print(output.text) }
  /// ```
  ///
  /// A non-zero status counts as success here: see ``ProcessOutput/successful()``. Cancelling it kills the program. A
  /// program that does not read its input to the end is no error. Twisted: `getProcessOutputAndValue`; Python:
  /// `subprocess.run`.
  ///
  /// The program leads its own process group, so that a kill reaches its children. A terminal's Ctrl-C does not reach
  /// that group: if the reactor stops first, it sends the group `SIGTERM`.
  ///
  /// - Parameters:
  ///   - program: as for `spawnProcess`, with the next three.
  ///   - arguments: its arguments, without `argv[0]`.
  ///   - environment: its environment variables.
  ///   - workingDirectory: the directory in which it starts.
  ///   - input: its standard input.
  ///   - hasOwnGroup: false for a program that reads from the terminal, which stops background process groups. A kill
  ///     then does not reach its children.
  ///   - timeout: the maximum time until it has ended and its output has arrived. After that it is killed with its
  ///     children, and this fails with `TimeoutError`.
  ///   - limit: the maximum number of bytes of output, standard error included. Above it the program is killed, and
  ///     this fails with a ``ProcessError``.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  public func processOutput(
    _ program: any SystemBytes, _ arguments: [any SystemBytes] = [], environment: ProcessEnvironment = .inherit,
    workingDirectory: (any SystemBytes)? = nil, input: [UInt8] = [], hasOwnGroup: Bool = true,
    timeout: Duration? = nil, limit: Int = 16 * 1024 * 1024, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<ProcessOutput> {
    let process: ChildProcess
    do {
      process = try spawnProcess(
        program, arguments, environment: environment, workingDirectory: workingDirectory,
        standardInput: input.isEmpty ? .null : .pipe, standardOutput: .pipe, standardError: .pipe,
        hasOwnGroup: hasOwnGroup, timeout: timeout, file: file, line: line)
    } catch { return .fail(error, file: file, line: line) }
    let program = process.program
    let shutdown = hasOwnGroup ? addSystemEventTrigger(.during, .shutdown) { process.kill(SIGTERM) } : nil
    var output: [UInt8] = []
    var errors: [UInt8] = []
    func room(for piece: [UInt8]) -> Bool {
      if output.count + errors.count + piece.count <= limit { return true }
      process.giveUp(
        ProcessError(
          .tooMuchOutput, "run", program, "it wrote more than \(limit) bytes; allow more, or read it by pieces"))
      return false
    }
    process.standardOutput.forEach { piece in if room(for: piece) { output += piece } }
    process.standardError.forEach { piece in if room(for: piece) { errors += piece } }
    if !input.isEmpty {
      process.standardInput.write(input)
      process.standardInput.close()
    }
    return process.ended.addBoth(file: file, line: line) { [unowned self] result in
      if let shutdown { removeSystemEventTrigger(shutdown) }
      return ProcessOutput(program: program, status: try result.get(), standardOutput: output, standardError: errors)
    }
  }
}
