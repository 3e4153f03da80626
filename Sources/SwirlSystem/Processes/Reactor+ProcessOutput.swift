public import SwirlDeferred
import SwirlPlatform
public import SwirlReactor

/// What came of a program that was run to its end.
public struct ProcessOutput: Sendable, Hashable {
  /// The program, as it was given; bytes that are no UTF-8 are repaired.
  public let program: String
  /// How it ended.
  public let status: ProcessStatus
  /// What it wrote.
  public let standardOutput: [UInt8]
  /// What it wrote to the standard error.
  public let standardError: [UInt8]

  /// What it wrote, as UTF-8.
  public var text: String { String(decoding: standardOutput, as: UTF8.self) }
  /// What it wrote to the standard error, as UTF-8.
  public var errorText: String { String(decoding: standardError, as: UTF8.self) }

  /// This, when it ended with code zero.
  /// - Throws: ``ProcessError`` with the code `.failed`, the status, and the last line of its messages.
  public func successful() throws(ProcessError) -> ProcessOutput {
    if status.isSuccess { return self }
    let words = errorText.split(whereSeparator: \.isNewline).last.map { ": \($0)" } ?? ""
    throw ProcessError(.failed, "run", program, "it ended with \(status)\(words)")
  }
}

extension Reactor {
  /// Runs a program to its end, and gives its status and all that it wrote.
  ///
  /// ```swift
  /// reactor.processOutput("ls", ["-l"]).addCallback { output in print(output.text) }
  /// ```
  ///
  /// A status that is not zero is a success here: see ``ProcessOutput/successful()``. Cancelling it kills the program. A program that does
  /// not read its input to the end is no error. Twisted: `getProcessOutputAndValue`; Python: `subprocess.run`.
  ///
  /// The program leads a process group of its own, so that its children are killed with it. The Ctrl-C of a terminal does not reach that
  /// group: when the reactor stops before the program has ended, the group gets `SIGTERM`.
  ///
  /// - Parameters:
  ///   - program: as for `spawnProcess`, with the next three.
  ///   - arguments: what it is given.
  ///   - environment: its variables.
  ///   - workingDirectory: where it starts.
  ///   - input: what it reads.
  ///   - hasOwnGroup: false for a program that asks at the terminal, which stops other groups than that of this process. Its children are
  ///     then left alone.
  ///   - timeout: how long it may take, until all its output is there: then it is killed with its children, and this fails with
  ///     `TimeoutError`.
  ///   - limit: how many bytes it may write, messages included: at more it is killed, and this fails with a ``ProcessError``.
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
        hasOwnGroup: hasOwnGroup, timeout: timeout)
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
