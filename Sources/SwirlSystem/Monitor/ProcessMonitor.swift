public import SwirlDeferred
public import SwirlReactor

/// Keeps several programs running, each by its name: a small supervisord.
///
/// ```swift
/// let monitor = ProcessMonitor()
/// monitor.add("web", "python3", ["-m", "http.server"])
/// monitor.add("clock", "sh", ["-c", "while date; do sleep 1; done"])
/// monitor.onStateChange = { program, state in print(program.name, state) }
/// monitor.start()
/// ```
///
/// Use it on the reactor's thread; all its callbacks run there. Twisted: `ProcessMonitor`.
public final class ProcessMonitor {
  /// The programs, in the order in which they were added.
  public private(set) var programs: [MonitoredProgram] = []
  /// Called with each new state of each program.
  public var onStateChange: ((_ program: MonitoredProgram, _ state: MonitoredProgram.State) -> Void)?
  private let reactor: Reactor
  private var isRunning = false

  /// - Parameter reactor: the reactor; nil is the current one.
  public init(on reactor: Reactor? = nil) { self.reactor = reactor ?? .current }

  /// The program of that name.
  public subscript(name: String) -> MonitoredProgram? { programs.first { $0.name == name } }

  /// Adds a program, which leads its own process group and has no input; a monitor that was started starts it. Twisted:
  /// `addProcess`.
  /// - Parameters:
  ///   - name: its name, which no other one here has.
  ///   - program: as for `Reactor.spawnProcess`, with the next five.
  ///   - arguments: its arguments without `argv[0]`.
  ///   - environment: its environment variables.
  ///   - workingDirectory: the directory in which it starts.
  ///   - standardOutput: the target of its output; a pipe is read by ``MonitoredProgram/onStart``.
  ///   - standardError: the target of its standard error.
  ///   - user: the user that it becomes.
  ///   - policy: when it is started again.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  /// - Returns: the program, for its settings.
  @discardableResult
  public func add(
    _ name: String, _ program: any SystemBytes, _ arguments: [any SystemBytes] = [],
    environment: ProcessEnvironment = .inherit, workingDirectory: (any SystemBytes)? = nil,
    standardOutput: ChildOutputTarget = .inherit, standardError: ChildOutputTarget = .inherit,
    user: ChildUser? = nil, policy: RestartPolicy = .always, file: StaticString = #fileID, line: UInt = #line
  ) -> MonitoredProgram {
    let monitored = MonitoredProgram(name, on: reactor, file: file, line: line) { reactor in
      try reactor.spawnProcess(
        program, arguments, environment: environment, workingDirectory: workingDirectory,
        standardOutput: standardOutput, standardError: standardError, user: user, hasOwnGroup: true, file: file,
        line: line)
    }
    monitored.policy = policy
    add(monitored)
    return monitored
  }

  /// Adds a program that was made elsewhere, whose `onStateChange` becomes the monitor's.
  public func add(_ program: MonitoredProgram) {
    require(self[program.name] == nil, "a monitor has one program named \(program.name)")
    programs.append(program)
    program.onStateChange = { [weak self, unowned program] state in self?.onStateChange?(program, state) }
    if isRunning { program.start() }
  }

  /// Stops a program, and forgets it. Twisted: `removeProcess`.
  @discardableResult
  public func remove(_ name: String) -> Deferred<Void> {
    guard let program = self[name] else { return .succeed() }
    programs.removeAll { $0 === program }
    return program.stop()
  }

  /// Starts all programs that do not run, at once.
  public func start() {
    isRunning = true
    for program in programs { program.start() }
  }

  /// Restarts all programs.
  public func restart() {
    isRunning = true
    for program in programs { program.restart() }
  }

  /// Stops all programs; the Deferred fires when all have ended.
  @discardableResult
  public func stop() -> Deferred<Void> {
    isRunning = false
    return gatherResults(programs.map { $0.stop() }).addCallback { _ in }
  }
}

@available(*, unavailable, message: "A monitor belongs to the thread of its reactor")
extension ProcessMonitor: Sendable {}
