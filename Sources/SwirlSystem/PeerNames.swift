// What other libraries call the things of this module. The compiler answers with the name here.

public import SwirlDeferred
public import SwirlReactor

extension Reactor {
  /// Twisted.
  @available(
    *, unavailable, message: "reactor.processOutput(program, arguments).addCallback { output in output.text }"
  )
  public func getProcessOutput(_ program: String, _ arguments: [String] = []) -> Deferred<String> { fatalError() }
  /// Python: the arguments of `subprocess.Popen`.
  @available(
    *, unavailable,
    message: "the arguments are standardInput: .pipe, standardOutput: .pipe and standardError: .pipe"
  )
  public func spawnProcess(
    _ program: String, _ arguments: [String] = [], stdin: ChildInputSource = .null,
    stdout: ChildOutputTarget = .inherit, stderr: ChildOutputTarget = .inherit
  ) throws -> ChildProcess { fatalError() }
}

/// Twisted.
@available(
  *, unavailable, message: "reactor.processOutput(program, arguments).addCallback { output in output.text }"
)
public func getProcessOutput(_ program: String, _ arguments: [String] = []) -> Deferred<String> { fatalError() }

extension ChildProcess {
  /// Python.
  @available(*, unavailable, renamed: "standardInput")
  public var stdin: ChildInput { fatalError() }
  /// Python.
  @available(*, unavailable, renamed: "standardOutput")
  public var stdout: ChildOutput { fatalError() }
  /// Python.
  @available(*, unavailable, renamed: "standardError")
  public var stderr: ChildOutput { fatalError() }
  /// Python.
  @available(*, unavailable, renamed: "processID")
  public var pid: Int32 { fatalError() }
  /// Python.
  @available(*, unavailable, renamed: "status")
  public var returncode: Int32? { fatalError() }
  /// asyncio; Foundation: `waitUntilExit`.
  @available(*, unavailable, message: "`ended` is a Deferred of the status: process.ended.addCallback { status in … }")
  public func wait() -> Deferred<ProcessStatus> { fatalError() }
  /// asyncio.
  @available(*, unavailable, message: "reactor.processOutput(program, input: bytes) writes the input and collects")
  public func communicate(_ input: [UInt8] = []) -> Deferred<ProcessOutput> { fatalError() }
  /// Twisted.
  @available(*, unavailable, renamed: "kill(_:)")
  public func signalProcess(_ signal: String) { fatalError() }
}
