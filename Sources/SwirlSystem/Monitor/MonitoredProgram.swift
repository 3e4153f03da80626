public import SwirlDeferred
import SwirlPlatform
public import SwirlReactor

/// Keeps a program running: starts it, and again when it ends, with pauses that grow, until it is stopped or given up.
///
/// ```swift
/// let web = MonitoredProgram("web") { reactor in
///   try reactor.spawnProcess("python3", ["-m", "http.server"], hasOwnGroup: true)
/// }
/// web.onStateChange = { state in print(state) }
/// web.start()
/// ```
///
/// The pauses are random fractions of a time that doubles; the count begins anew after a run of ``steadyTime``. It
/// gives up by ``startLimit`` and by the attempts of the backoff. When the reactor stops, it stops the program first.
///
/// From ``start()`` to ``stop()`` the reactor retains it. Use it on the reactor's thread; all its callbacks run there.
/// Several of them, by name: ``ProcessMonitor``. Twisted: `ProcessMonitor`; systemd: a service with `Restart=`.
public final class MonitoredProgram: ReactorHandle {
  /// Where it is.
  public enum State: Sendable {
    /// It was not started, or was stopped.
    case stopped
    /// The program runs, with this process ID.
    case running(Int32)
    /// The program has ended, or could not be started. The next start follows after the pause.
    case waiting(Duration, after: RunEnd)
    /// `stop()` or `restart()` waits for the program to end.
    case stopping
    /// It has ended, and its policy does not start it again.
    case finished(ProcessStatus)
    /// It was given up: it ended too often.
    case failed(ProcessError)
  }

  /// How a run of the program ended.
  public enum RunEnd: Sendable, CustomStringConvertible {
    /// It has ended.
    case ended(ProcessStatus)
    /// It could not be started.
    case notStarted(any Error)

    /// `exit code 1`, or the error.
    public var description: String {
      switch self {
      case .ended(let status): status.description
      case .notStarted(let error): "\(error)"
      }
    }
  }

  /// Its name, for messages.
  public let name: String
  /// The present state; see ``onStateChange``.
  public private(set) var state = State.stopped {
    didSet { onStateChange?(state) }
  }
  /// The process that runs; nil while it does not.
  public private(set) var process: ChildProcess?
  /// How often it was started, since it was made.
  public private(set) var starts = 0

  /// Called with each new state.
  public var onStateChange: ((State) -> Void)?
  /// Called with each new process, such as to read its output.
  public var onStart: ((ChildProcess) -> Void)?
  /// When a program that has ended is started again; always by default.
  public var policy = RestartPolicy.always
  /// How many starts in a time it is given up after; 5 in 20 seconds by default, nil for no limit. The pauses of the
  /// default backoff take less, so that what ends at once is given up.
  public var startLimit: StartLimit? = StartLimit(count: 5, within: .seconds(20))
  /// How long a run must have lasted for the pauses to begin anew; 10 seconds by default.
  public var steadyTime = Duration.seconds(10)
  /// How long the program has to end after SIGTERM, before SIGKILL; 10 seconds by default.
  public var stopTimeout = Duration.seconds(10)
  /// The pauses between runs, and their number.
  public let backoff: Backoff

  private let spawn: (Reactor) throws -> ChildProcess
  private unowned let reactor: Reactor
  private let site: CallSite
  private var pause: DelayedCall?
  private var trigger: SystemEventTrigger?
  private var startedAt = Instant(nanoseconds: 0)
  private var failures = 0
  /// Counts calls of `start` and `stop`: the program's closure may call one of them.
  private var turn = 0
  private var log = StartLog()
  private var restarts = false
  private var stops: [Deferred<Void>] = []
  package var handleIndex: Int?
  package var handleKind: OpenHandle.Kind { .monitoredProgram }
  package var handlePeer: String? { name }
  package var begunWork: (count: Int, name: String)? { (1, "monitored program") }

  /// - Parameters:
  ///   - name: its name, for messages.
  ///   - backoff: the pauses between runs: by default they grow from half a second to a minute, and never end.
  ///   - reactor: the reactor; nil is the current one.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - spawn: starts the program. In a process group of its own (`hasOwnGroup`) its children are killed when it has
  ///     ended.
  public init(
    _ name: String,
    backoff: Backoff = Backoff(attempts: .max, firstDelay: .milliseconds(500), maximumDelay: .seconds(60)),
    on reactor: Reactor? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ spawn: @escaping (Reactor) throws -> ChildProcess
  ) {
    self.name = name
    self.backoff = backoff
    self.reactor = reactor ?? .current
    self.spawn = spawn
    site = CallSite(file: file, line: line)
  }

  // MARK: - Starting and stopping

  /// Starts the program. Does nothing if it runs, or will; after ``stop()``, and after it has finished or was given up,
  /// it begins anew. While it is being stopped, it is started when it has ended.
  public func start() {
    switch state {
    case .running, .waiting: return
    case .stopping:
      restarts = true
      return
    case .stopped, .finished, .failed: break
    }
    failures = 0
    turn += 1
    log.clear()
    reactor.insertHandle(self, at: site)
    if trigger == nil {
      trigger = reactor.addSystemEventTrigger(.before, .shutdown) { [weak self] in self?.stop() ?? .succeed() }
    }
    begin()
  }

  /// Ends the program, by SIGTERM and after ``stopTimeout`` by SIGKILL, or the pause: it is not started again. The
  /// Deferred fires when it has ended. Twisted: `stopProcess`.
  @discardableResult
  public func stop() -> Deferred<Void> {
    restarts = false
    turn += 1
    guard let process else {
      pause.take()?.cancel()
      end(.stopped)
      return .succeed()
    }
    let stop = Deferred<Void>(canceller: { _ in })
    stops.append(stop)
    terminate(process)
    return stop
  }

  /// Ends the program, and starts it again at once when it has ended; without a pause, and as if it were the first
  /// start. Starts it if it does not run. Twisted: `restartAll`.
  public func restart() {
    guard let process else {
      if case .waiting = state {
        pause.take()?.cancel()
        state = .stopped
      }
      return start()
    }
    restarts = true
    terminate(process)
  }

  private func terminate(_ process: ChildProcess) {
    process.terminate(within: stopTimeout)
    if case .stopping = state { return }
    state = .stopping
  }

  package func abandon() {
    pause = nil
    process = nil
    stops = []
    // They may retain this.
    onStateChange = nil
    onStart = nil
  }

  // MARK: - Running

  private func begin() {
    let now = reactor.now
    guard log.admit(at: now, startLimit) else { return giveUp("it was started \(startLimit?.count ?? 0) times", nil) }
    startedAt = now
    starts += 1
    let begun = turn
    do {
      let process = try spawn(reactor)
      guard turn == begun else {
        process.terminate(within: stopTimeout)
        return
      }
      self.process = process
      process.exited.addCallback { [weak self] status in self?.ended(process, status) }
      // Only a program that the caller cancels or limits in time fails here: its status comes by `exited`.
      process.ended.addErrback { _ in .signalled(SIGKILL) }
      state = .running(process.processID)
      if self.process === process { onStart?(process) }
    } catch { if turn == begun { failed(.notStarted(error)) } }
  }

  private func ended(_ process: ChildProcess, _ status: ProcessStatus) {
    guard self.process === process else { return }
    self.process = nil
    // Its children might hold what the next run needs, such as a port.
    process.kill(SIGKILL)
    if case .stopping = state { return stopped() }
    if reactor.now - startedAt >= steadyTime { failures = 0 }
    switch policy {
    case .always: break
    case .onFailure: if status.isSuccess { return end(.finished(status)) }
    case .never: return end(.finished(status))
    }
    failed(.ended(status))
  }

  private func stopped() {
    if restarts {
      restarts = false
      failures = 0
      log.clear()
      begin()
    } else {
      end(.stopped)
    }
    let fired = stops
    stops = []
    for stop in fired where !stop.isFired { stop.callback() }
  }

  private func failed(_ last: RunEnd) {
    failures += 1
    guard failures < backoff.attempts else { return giveUp("it ended \(failures) times", last) }
    lastEnd = last
    let delay = backoff.delay(after: failures)
    pause = reactor.callLater(delay) { [weak self] in
      guard let self else { return }
      pause = nil
      begin()
    }
    state = .waiting(delay, after: last)
  }

  /// How the last run ended, for the error of giving up.
  private var lastEnd: RunEnd?

  private func giveUp(_ count: String, _ last: RunEnd?) {
    let words = (last ?? lastEnd).map { "; the last time: \($0)" } ?? ""
    let interval = last == nil ? " within \(startLimit?.interval ?? .zero)" : ""
    end(.failed(ProcessError(.failed, "keep running", name, "\(count)\(interval)\(words)")))
  }

  private func end(_ state: State) {
    lastEnd = nil
    reactor.handles.remove(self)
    if let trigger { reactor.removeSystemEventTrigger(trigger) }
    trigger = nil
    self.state = state
  }
}

@available(*, unavailable, message: "A monitored program belongs to the thread of its reactor")
extension MonitoredProgram: Sendable {}
