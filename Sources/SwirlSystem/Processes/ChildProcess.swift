public import SwirlDeferred
import SwirlPlatform
import SwirlReactor

/// A process that this one has started: see `Reactor.spawnProcess`.
///
/// The reactor keeps it until it has ended, and takes its status from the system, so that nothing is left of it; nobody has to hold it or
/// wait for it. When the reactor goes away, what still runs is killed. Everything is used and called on the reactor's thread.
/// Twisted: `IProcessTransport`; asyncio: `Process`.
///
/// Not made of swift-subprocess: that watches its pipes and children from a thread and an epoll of its own, so that each piece of output
/// would cross to the reactor's thread and back; here the pipes and the child are three more descriptors of the one loop.
public final class ChildProcess: Abandonable {
  /// The system's number of it. Once it has ended another process may have it.
  public let processID: Int32
  /// The program, as it was given; bytes that are no UTF-8 are repaired.
  public let program: String
  /// What it reads, where that is a pipe.
  public let standardInput: ChildInput
  /// What it writes, where that is a pipe.
  public let standardOutput: ChildOutput
  /// What it writes to the standard error, where that is a pipe.
  public let standardError: ChildOutput
  /// How it ended; nil while it runs.
  public private(set) var status: ProcessStatus?

  /// Succeeds when the process has ended and all that it wrote, where somebody takes it, was handed over.
  ///
  /// Cancelling it kills the process and closes the pipes. A process that was given a time fails with `TimeoutError`. Output that nobody
  /// takes holds it back only as long as the process itself waits for it. Twisted: `processEnded`.
  public private(set) lazy var ended = Deferred<ProcessStatus>(canceller: { [weak self] _ in
    self?.giveUp(CancelledError())
  })

  /// Succeeds when the process has ended, before ``ended``: output may still come, also from children of its own that have its pipes.
  /// Cancelling it changes nothing else. Twisted: `processExited`.
  public private(set) lazy var exited = Deferred<ProcessStatus>(canceller: { _ in })

  /// What it has instead of standard descriptors, from 3 on: what it reads, and what it writes.
  let channel: (input: ChildInput, output: ChildOutput)?
  private let hasOwnGroup: Bool
  private var watch: ChildWatch?
  /// What is left in the pipes when it ends is read, and no more is waited for.
  private var isTerminating = false
  private var isGivenUp = false
  private var isOver = false
  /// Its status was taken from the system, which may give its number to another from then on.
  private var isReaped = false
  private var killTimer: DelayedCall?
  private var timeLimit: DelayedCall?
  // The reactor keeps this until it has ended, and abandons it when it goes away.
  private unowned let reactor: Reactor

  init(
    _ processID: Int32, _ specification: ProcessSpecification, input: ChildInput, output: ChildOutput,
    error: ChildOutput,
    channel: (input: ChildInput, output: ChildOutput)?, on reactor: Reactor
  ) {
    self.processID = processID
    self.reactor = reactor
    self.channel = channel
    program = SystemPath(specification.program).description
    hasOwnGroup = specification.hasOwnGroup
    (standardInput, standardOutput, standardError) = (input, output, error)
    // Output that nobody has taken before the end may be read when this has gone.
    for output in outputs { output.whenEnded = { [weak self] in self?.checkEnded() } }
    OpenChildren.of(reactor).insert(self)
    watch = ChildWatch(processID, byThread: specification.watchesByThread, on: reactor) { [weak self] in
      self?.takeStatus()
    }
    if let limit = specification.timeout {
      timeLimit = reactor.callLater(limit) { [unowned self] in giveUp(TimeoutError(after: limit, what: program)) }
    }
  }

  private var inputs: [ChildInput] { [standardInput] + (channel.map { [$0.input] } ?? []) }
  private var outputs: [ChildOutput] { [standardOutput, standardError] + (channel.map { [$0.output] } ?? []) }

  // MARK: - Ending

  /// Sends it a signal, such as `SIGTERM`; when it has ended nothing happens. With a group of its own, to all in that, until ``ended``.
  public func kill(_ signal: Int32) {
    // Until its status is taken the system gives its number to no other.
    if !isReaped { _ = systemKill(hasOwnGroup ? -processID : processID, signal) }
  }

  /// Asks it to end with `SIGTERM`, and kills it when it has not ended within `limit`.
  ///
  /// When it has ended, what is in the pipes is still handed over; children of its own that hold them open are not waited for, and with a
  /// group of its own killed. ``ended`` tells the outcome. Twisted: `signalProcess("TERM")`.
  public func terminate(within limit: Duration = .seconds(10)) {
    guard !isOver else { return }
    isTerminating = true
    if status != nil {
      kill(SIGKILL)
      return endOutputs()
    }
    kill(SIGTERM)
    killTimer?.cancel()
    killTimer = reactor.callLater(limit) { [unowned self] in kill(SIGKILL) }
  }

  /// Kills it, and closes the pipes.
  func giveUp(_ error: any Error) {
    guard !isOver, !isGivenUp else { return }
    isGivenUp = true
    isTerminating = true
    kill(SIGKILL)
    for output in outputs { output.giveUp(error) }
    for input in inputs { input.childEnded() }
    // Cancelled, it is fired when this has returned.
    if !(error is CancelledError), !ended.isFired { ended.errback(error) }
    checkEnded()
  }

  /// It has ended: looks at its status. It stays a zombie, so that its number remains that of its group, until all is over.
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
    for input in inputs { input.childEnded() }
    if isTerminating { endOutputs() }
    if !exited.isFired { exited.callback(status) }
    checkEnded()
  }

  /// Takes its status, and with that the last of it, from the system.
  private func reap() {
    guard !isReaped else { return }
    isReaped = true
    var info = siginfo_t()
    var failed = false
    repeat { failed = waitid(P_PID, id_t(processID), &info, WEXITED) != 0 } while failed && errno == EINTR
    status = status ?? (failed ? .exited(255) : ProcessStatus(info))
  }

  private func endOutputs() { for output in outputs { output.endWhenEmpty() } }

  private func checkEnded() {
    guard let status, !isOver, !outputs.contains(where: \.isOpen) else { return }
    isOver = true
    reap()
    timeLimit?.cancel()
    if !isGivenUp { ended.callback(status) }
    OpenChildren.of(reactor).remove(self)
  }

  func abandon() {
    isOver = true
    watch = nil
    killTimer?.cancel()
    timeLimit?.cancel()
    for input in inputs { input.closeDescriptor() }
    for output in outputs { output.abandon() }
    // Nobody hears of it any more; what waits for it may be what holds this.
    let untold = (ended, exited)
    (ended, exited) = (Deferred(), Deferred())
    withExtendedLifetime(untold) {}
    kill(SIGKILL)
    // Not for long: nothing withstands that signal.
    reap()
  }
}

@available(*, unavailable, message: "A child process belongs to the thread of its reactor")
extension ChildProcess: Sendable {}
@available(*, unavailable, message: "A child's pipe belongs to the thread of its reactor")
extension ChildInput: Sendable {}
@available(*, unavailable, message: "A child's pipe belongs to the thread of its reactor")
extension ChildOutput: Sendable {}

// The method above has its name.
private func systemKill(_ process: Int32, _ signal: Int32) -> Int32 { kill(process, signal) }
