public import SwirlDeferred
import SwirlPlatform
public import SwirlReactor

/// A child process: see `Reactor.spawnProcess`.
///
/// The reactor retains it until it has ended and reaps it, so that no zombie is left even if the program drops the
/// object. Releasing the reactor kills its running children. Use it on the reactor's thread alone; callbacks run there.
/// Twisted: `IProcessTransport`; asyncio: `Process`.
///
/// It does not use swift-subprocess, which watches pipes and children by a thread and an epoll of its own: each piece
/// of output would cross threads. Here the pipes and the child are three more descriptors of the reactor.
public final class ChildProcess: ReactorHandle {
  /// The process ID. The system may reuse it once the process has ended.
  public let processID: Int32
  /// The program as the caller gave it; invalid UTF-8 is replaced by U+FFFD.
  public let program: String
  /// Its standard input, if that is a pipe.
  public let standardInput: ChildInput
  /// Its standard output, if that is a pipe.
  public let standardOutput: ChildOutput
  /// Its standard error, if that is a pipe.
  public let standardError: ChildOutput
  /// The pipes that it reads, by its numbers for them: those of ``ChildDescriptor/input``.
  public let inputs: [Int32: ChildInput]
  /// The pipes that it writes, by its numbers for them: those of ``ChildDescriptor/output``.
  public let outputs: [Int32: ChildOutput]
  /// Its exit status; nil while it runs.
  public private(set) var status: ProcessStatus?

  /// Succeeds when the process has ended and the consumers of its output have received all of it.
  ///
  /// Cancelling it kills the process and closes the pipes. After a timeout it fails with `TimeoutError`. Output without
  /// a consumer does not delay it, but the process may block on a full pipe. Twisted: `processEnded`.
  public private(set) lazy var ended = Deferred<ProcessStatus>(canceller: { [weak self] _ in
    self?.giveUp(CancelledError())
  })

  /// Succeeds when the process has ended, before ``ended``: output may still arrive, also from its own children that
  /// inherited the pipes. Cancelling it has no effect on the process. Twisted: `processExited`.
  public private(set) lazy var exited = Deferred<ProcessStatus>(canceller: { _ in })

  private let hasOwnGroup: Bool
  private var watch: ChildWatch?
  /// When it ends, read what the pipes hold, and wait for no more.
  private var isTerminating = false
  private var isGivenUp = false
  /// Whether it survives the reactor.
  var isIndependent = false
  private var isOver = false
  /// It was reaped: the system may now give its process ID to another process.
  private var isReaped = false
  private var killTimer: DelayedCall?
  private var killTime: Instant?
  private var timeLimit: DelayedCall?
  package var handleIndex: Int?
  package var handleKind: OpenHandle.Kind { .process }
  package var handlePeer: String? { "\(program) (\(processID))" }
  // The reactor retains this until it has ended, and abandons it when the reactor is released.
  private unowned let reactor: Reactor

  init(
    _ processID: Int32, _ specification: ProcessSpecification, input: ChildInput, output: ChildOutput,
    error: ChildOutput,
    inputs: [Int32: ChildInput] = [:], outputs: [Int32: ChildOutput] = [:], on reactor: Reactor, at site: CallSite
  ) {
    self.processID = processID
    self.reactor = reactor
    program = SystemPath(specification.program).description
    // With a terminal it leads a session, and so a group.
    hasOwnGroup = specification.hasOwnGroup || specification.terminal != nil
    (self.inputs, self.outputs) = (inputs, outputs)
    (standardInput, standardOutput, standardError) = (input, output, error)
    // Weak: a program may read output without a consumer after this object is released.
    for output in allOutputs { output.whenEnded = { [weak self] in self?.checkEnded() } }
    reactor.insertHandle(self, at: site)
    watch = ChildWatch(processID, byThread: specification.watchesByThread, on: reactor) { [weak self] in
      self?.takeStatus()
    }
    if let limit = specification.timeout {
      timeLimit = reactor.callLater(limit) { [unowned self] in giveUp(TimeoutError(after: limit, what: program)) }
    }
  }

  private var allInputs: [ChildInput] { [standardInput] + inputs.values }
  private var allOutputs: [ChildOutput] { [standardOutput, standardError] + outputs.values }

  // MARK: - Ending

  /// Sends a signal, such as `SIGTERM`; does nothing once the process has ended. If the child leads its own process
  /// group, signals the whole group, until ``ended`` fires.
  public func kill(_ signal: Int32) {
    // Until it is reaped, the system does not reuse its process ID.
    if !isReaped { _ = systemKill(hasOwnGroup ? -processID : processID, signal) }
  }

  /// Sends `SIGTERM`, and kills the process if it has not ended within `limit`.
  ///
  /// When it has ended, the consumers still receive what the pipes hold. It does not wait for the process' own children
  /// that hold the pipes open; in a process group of its own it kills them. A further call sends another `SIGTERM`; of
  /// the limits the earliest counts. ``ended`` has the outcome. Twisted: `signalProcess("TERM")`.
  public func terminate(within limit: Duration = .seconds(10)) {
    guard !isOver else { return }
    isTerminating = true
    if status != nil {
      kill(SIGKILL)
      return endOutputs()
    }
    kill(SIGTERM)
    let time = reactor.now + limit
    if let killTime, killTime <= time { return }
    killTime = time
    killTimer?.cancel()
    killTimer = reactor.callLater(limit) { [unowned self] in kill(SIGKILL) }
  }

  /// Kills the process and closes the pipes.
  func giveUp(_ error: any Error) {
    guard !isOver, !isGivenUp else { return }
    isGivenUp = true
    isTerminating = true
    kill(SIGKILL)
    for output in allOutputs { output.giveUp(error) }
    for input in allInputs { input.childEnded() }
    // On cancellation, the Deferred itself fires when this has returned.
    if !(error is CancelledError), !ended.isFired { ended.errback(error) }
    checkEnded()
  }

  /// The process has ended: reads its status with WNOWAIT. It stays a zombie, so that its number still names its group,
  /// until its output has ended.
  private func takeStatus() {
    guard status == nil else { return }
    if isTerminating, hasOwnGroup { kill(SIGKILL) }
    var info = siginfo_t()
    let failed = waitid(P_PID, id_t(processID), &info, WEXITED | WNOWAIT | WNOHANG) != 0
    if failed ? errno == EINTR : info.si_signo == 0 { return reactor.callSoon { [weak self] in self?.takeStatus() } }
    if failed {
      isReaped = true
      reactor.warn(
        "the status of \(program) was taken by another part of the program, or SIGCHLD is ignored: it counts as 255")
    }
    let status = failed ? .exited(255) : ProcessStatus(info)
    self.status = status
    if !hasOwnGroup { reap() }
    watch = nil
    killTimer?.cancel()
    for input in allInputs { input.childEnded() }
    if isTerminating { endOutputs() }
    if !exited.isFired { exited.callback(status) }
    checkEnded()
  }

  /// Reaps the process.
  private func reap() {
    guard !isReaped else { return }
    isReaped = true
    var info = siginfo_t()
    var failed = false
    repeat { failed = waitid(P_PID, id_t(processID), &info, WEXITED) != 0 } while failed && errno == EINTR
    status = status ?? (failed ? .exited(255) : ProcessStatus(info))
  }

  private func endOutputs() { for output in allOutputs { output.endWhenEmpty() } }

  private func checkEnded() {
    guard let status, !isOver, !allOutputs.contains(where: \.isOpen) else { return }
    isOver = true
    reap()
    timeLimit?.cancel()
    if !isGivenUp { ended.callback(status) }
    reactor.handles.remove(self)
  }

  package func abandon() {
    isOver = true
    watch = nil
    killTimer?.cancel()
    timeLimit?.cancel()
    for input in allInputs { input.closeDescriptor() }
    for output in allOutputs { output.abandon() }
    // Releases the Deferreds last: a callback on them may hold the only reference to this.
    let untold = (ended, exited)
    (ended, exited) = (Deferred(), Deferred())
    withExtendedLifetime(untold) {}
    if isIndependent { return }
    kill(SIGKILL)
    // Blocks only briefly: SIGKILL cannot be ignored.
    reap()
  }
}

@available(*, unavailable, message: "A child process belongs to the thread of its reactor")
extension ChildProcess: Sendable {}
@available(*, unavailable, message: "A child's pipe belongs to the thread of its reactor")
extension ChildInput: Sendable {}
@available(*, unavailable, message: "A child's pipe belongs to the thread of its reactor")
extension ChildOutput: Sendable {}

// The method above shadows this name.
private func systemKill(_ process: Int32, _ signal: Int32) -> Int32 { kill(process, signal) }
