import CSwirlSystem
import Dispatch
import Logging
package import SwirlDeferred

/// The event loop: it calls callbacks when time has passed, descriptors are ready, signals arrive, or other threads ask.
///
/// ```swift
/// reactor.callLater(.seconds(1)) {
///   print("a second later")
///   reactor.stop()
/// }
/// reactor.run()
/// ```
///
/// Everything runs on the one thread that called ``run(handlingSignals:)``, one callback at a time, so callbacks share what
/// is around them without locks. A `Reactor` is not `Sendable`; other threads use its ``remote``.
///
/// One turn of the loop calls, in this order: what other threads sent; what ``callSoon(file:line:_:)`` queued before the
/// turn, in the order queued; timers that are due, in the order of their time and then of their making; the tasks that can go
/// on; then it waits, and calls the callbacks of descriptors and signals. Whatever callbacks a turn queues wait for the next.
///
/// A reactor can be run again after it was stopped. Twisted: `reactor`; asyncio: the event loop; Tornado: `IOLoop`.
public final class Reactor {
  enum State {
    /// Not in `run()`. A `stop()` now makes the next run end as soon as it has started.
    case idle
    /// In `run()`, turning.
    case running
    /// Still turning, but the shutdown has begun: its triggers are under way.
    case stopping
    /// The last turn is over, or `crash()` was called.
    case stopped
  }

  var state = State.idle
  var stopRequested = false
  /// How often it was run: what one run leaves behind must not disturb the next.
  var runNumber = 0
  /// Whether it is the main thread's.
  let isMain: Bool
  /// Whether it runs because an async `main` waits.
  var runsForAsyncMain = false

  let base: any ReactorBackend
  /// The face of this reactor that other threads may use.
  public let remote: RemoteReactor
  package let timers: TimerQueue
  /// The time of a virtual clock; nil with the system's.
  package let virtualTime: VirtualTime?
  /// What choices of this reactor's layers are drawn from.
  @exclusivity(unchecked) package var random: ReactorRandom
  /// The hooks and figures of the loop; nil until somebody asks for them.
  var observer: LoopObserver? {
    didSet { base.onWake = observer.map { observer in { [unowned self] in observer.didWait(self) } } }
  }

  /// For what may be kept longer than the reactor.
  package private(set) lazy var reference = ReactorReference(self)

  // The queues of a turn are exempt from run-time checks for overlapping access: nothing is called while one of them is changed, but for
  // the lock of the remote, which calls nobody back, and what calls let go of when they are removed, which can add to `soon` only.
  @exclusivity(unchecked) private var soon: [SoonCall] = []
  @exclusivity(unchecked) private var soonRunning: [SoonCall] = []
  @exclusivity(unchecked) private var remoteRunning: [RemoteReactor.Call] = []
  @exclusivity(unchecked) private var jobs: [TaskPiece] = []
  private var wakeUpEvent: FileEvent?

  var readers: [Int32: DescriptorWatch] = [:]
  var writers: [Int32: DescriptorWatch] = [:]
  var signals: [Int32: SignalHandlers] = [:]
  var triggers: [SystemEvent: [Trigger]] = [:]
  var nextTriggerID = 0
  var ownThreadPool: ThreadPool?
  /// What waits for the outcome of work on other threads.
  let threadCalls = ThreadCalls()
  /// Everything that is open on this reactor.
  package let handles = HandleList()
  /// What layers above keep for this reactor, one object a type: see `attached(_:make:)`.
  @exclusivity(unchecked) private var attachments: [(type: ObjectIdentifier, object: AnyObject)] = []

  /// A callback that runs longer is logged, with the place that made it; nil, the default, measures nothing.
  public var slowCallbackThreshold: Duration? {
    didSet { slowNanoseconds = slowCallbackThreshold?.nanoseconds }
  }
  var slowNanoseconds: Int64?

  /// A reactor of its own, for a thread that has none. The main thread's is ``main``.
  public convenience init() { self.init(isMain: false) }

  /// A reactor with a clock of its own, for simulations and tests: with `.virtual` a day of timers passes as fast as its callbacks run.
  ///
  /// Twisted: `task.Clock`; tokio: `time::pause`; trio: `MockClock`.
  public convenience init(clock: ClockSource) { self.init(isMain: false, clock: clock) }

  /// A reactor that waits by a backend of its own.
  package convenience init(clock: ClockSource, backend: any ReactorBackend) {
    self.init(isMain: false, clock: clock, backend: backend)
  }

  init(
    isMain: Bool, remote: RemoteReactor? = nil, clock: ClockSource = .system,
    backend: any ReactorBackend = LibeventBackend()
  ) {
    self.isMain = isMain
    self.remote = remote ?? RemoteReactor(isMain: isMain)
    base = backend
    let virtualTime = clock == .system ? nil : VirtualTime()
    self.virtualTime = virtualTime
    random = ReactorRandom(clock)
    timers = TimerQueue(now: { virtualTime?.nanoseconds ?? SystemClock.monotonic })
    ProcessSetup.once
    (backend as? ManualBackend)?.wakeUpDescriptor = self.remote.wakeUp.readEnd
    wakeUpEvent = base.fileEvent(self.remote.wakeUp.readEnd, .read) { [wakeUp = self.remote.wakeUp] in wakeUp.clear() }
    wakeUpEvent?.enable()
    if isMain { beginMain() }
  }

  /// The main reactor also runs where `main` is async, and is missed where nobody runs it.
  private func beginMain() {
    #if os(Linux)
    swirl_take_over_main_thread()
    #endif
    ForgottenRun.watch(self)
    if !isMainThread {
      log.warning(
        """
        the main reactor was first used when the main thread of the program was parked already, so it never runs: use it before \
        the first suspension of an async main, or use a ReactorThread
        """)
    }
  }

  /// It will not run again: those who wait for it are told, and shutdown triggers, which often capture the reactor, let go of it.
  func retire() {
    // What they hold may take others away.
    let dropped = triggers
    triggers = [:]
    withExtendedLifetime(dropped) {}
    remote.close(leaving: jobs)
    jobs = []
  }

  deinit {
    reference.clear()
    handles.abandonAll()
    remote.close(leaving: jobs)
    // Before the descriptor, which is closed with the last reference to the remote.
    wakeUpEvent?.close()
  }

  // MARK: - Running

  /// Runs the loop on this thread until ``stop()``.
  ///
  /// On the main thread it also runs the main dispatch queue, so that `@MainActor` tasks go on meanwhile. It must not be
  /// called from such a task: the main queue does not nest. Await what you need there, or call it from the top level of
  /// `main.swift`.
  ///
  /// - Parameter handlingSignals: whether SIGINT and SIGTERM stop the main reactor while it runs; a second one ends the
  ///   loop at once, without waiting for shutdown triggers and threads. A signal that the process ignores stays ignored.
  public func run(handlingSignals: Bool = true) {
    if isMain { MainQueue.checkMayRun() }
    require(state == .idle, "this reactor runs already")
    let previous = CurrentReactor.replace(with: self)
    defer { CurrentReactor.replace(with: previous) }
    state = .running
    runNumber += 1
    let mainQueue = isMain ? MainQueue(of: self) : nil
    let stopSignals = isMain && handlingSignals ? stopOnSignals() : []

    fire(.startup)
    mainQueue?.drain()
    while state != .stopped {
      if stopRequested, state == .running { beginShutdown() }
      turn()
    }
    state = .idle

    for handler in stopSignals { removeSignalHandler(handler) }
    mainQueue?.close()
    if isMain { giveBackJobs() }
  }

  /// Ends the loop: shutdown triggers are called, and waited for where they return a Deferred, and calls on threads are finished, as long
  /// as ``threadCallTimeLimit`` allows; then `run` returns.
  ///
  /// Called before `run`, it makes that end as soon as it has started. Called again, nothing happens.
  /// From another thread: `remote.stop()`.
  public func stop() {
    // In the last turn it is a second call, not one for the next run.
    if state != .stopped { stopRequested = true }
  }

  /// Ends the loop after the present turn, without any shutdown trigger. Twisted: `crash`.
  public func crash() {
    let wasStopping = state == .stopping
    stopRequested = false
    if state != .idle { state = .stopped }
    if wasStopping { giveUpThreadCalls("were not waited for") }
  }

  /// Whether the loop is turning.
  public var isRunning: Bool { state != .idle }

  /// The time of the present turn: as `now`, but the clock is read only once for many.
  package var turnTime: Int64 {
    // Between runs there is no turn to keep it for.
    if state == .idle { return readClock() }
    if cachedTime == 0 { cachedTime = readClock() }
    return cachedTime
  }
  @exclusivity(unchecked) private var cachedTime: Int64 = 0

  /// The latest moment that is known without another look at the clock: never after the present one.
  package var knownTime: Int64 { max(turnTime, lookTime) }

  /// The present moment, which is known from then on.
  package func lookAtClock() -> Int64 {
    lookTime = readClock()
    return lookTime
  }
  @exclusivity(unchecked) private var lookTime: Int64 = 0

  /// How often descriptors were polled, the present time included. What arrives after a poll is reported by a later one.
  // Computed: of a stored property other modules check the access.
  package var pollCount: Int { polls }
  @exclusivity(unchecked) private var polls = 0

  private func turn() {
    cachedTime = 0
    // What the callbacks of this turn queue waits for the next, in whichever of the three queues it comes.
    swap(&soon, &soonRunning)
    let mark = timers.mark
    var isBusy = takeRemoteCalls()
    if runSoonCalls() { isBusy = true }
    timers.runDue(at: turnTime, madeBefore: mark) { call, body in
      observer?.timerIsDue(at: turnTime, deadline: call.deadline)
      perform(at: call.site, body)
    }
    if !jobs.isEmpty { runJobs() }
    CallStack.resumeInTurn()
    observer?.willWait(self)
    // What happens while it waits happens later.
    defer { cachedTime = 0 }
    cachedTime = 0
    polls &+= 1
    if isBusy || !soon.isEmpty || !jobs.isEmpty || state == .stopped || (stopRequested && state == .running) {
      base.poll(until: 0, now: 0)
    } else if let virtualTime {
      waitVirtually(virtualTime)
    } else {
      base.poll(until: timers.nextDeadline, now: readClock())
    }
    observer?.didWait(self)
  }

  private func takeRemoteCalls() -> Bool {
    guard remote.takeCalls(reusing: &remoteRunning, jobs: &jobs) else { return false }
    for call in remoteRunning { perform(at: call.site) { try call.body(self) } }
    remoteRunning.removeAll(keepingCapacity: true)
    return true
  }

  // MARK: - Tasks

  /// Takes a piece of a task from this thread: it runs when the present callback has returned.
  func enqueue(_ piece: TaskPiece) { jobs.append(piece) }

  /// So many pieces of tasks run before descriptors are looked at again: those that beget others without end must leave
  /// them their turn.
  private static let jobsPerTurn = 256

  private func runJobs() {
    var next = 0
    while next < jobs.count, next < Self.jobsPerTurn {
      jobs[next].run()
      next += 1
    }
    jobs.removeFirst(next)
  }

  /// The main actor goes on without the reactor.
  private func giveBackJobs() {
    for piece in jobs { DispatchQueue.main.async { piece.run() } }
    jobs = []
  }

  private func runSoonCalls() -> Bool {
    if soonRunning.isEmpty { return false }
    for call in soonRunning { perform(at: call.site, call.body) }
    soonRunning.removeAll(keepingCapacity: true)
    return true
  }

  // MARK: - Calls without delay

  /// A callback for the next turn.
  private struct SoonCall {
    let site: CallSite
    let body: () throws -> Void
  }

  /// Calls `body` in the next turn, before timers that are due then. An error it throws is logged.
  /// asyncio: `call_soon`; Twisted: `callLater(0, …)`.
  public func callSoon(file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void) {
    soon.append(SoonCall(site: CallSite(file: file, line: line), body: body))
  }

  /// Calls `body` at once when the reactor runs, else when it starts to. An error it throws is logged.
  /// Twisted: `callWhenRunning`.
  public func callWhenRunning(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
  ) {
    if isRunning {
      perform(at: CallSite(file: file, line: line), body)
    } else {
      addSystemEventTrigger(.after, .startup, file: file, line: line, runsOnce: true, body)
    }
  }

  /// Runs a program's callback: what it throws, and that it took too long, is logged with the place that made it.
  package func perform(at site: CallSite, _ body: () throws -> Void) {
    // The system's clock: a callback takes real time, also where the reactor's is virtual.
    let start = slowNanoseconds == nil ? 0 : SystemClock.monotonic
    do { try body() } catch { log.error("the callback made at \(site) threw: \(error)") }
    if let slowNanoseconds {
      let nanoseconds = SystemClock.monotonic - start
      if nanoseconds >= slowNanoseconds {
        log.warning("the callback made at \(site) ran for \(nanoseconds / 1_000_000) ms; nothing else ran meanwhile")
      }
    }
  }

  // MARK: - Layers above

  /// Whether it waits for nothing of the program's: no timer, call, descriptor, signal or work on a thread. The wake-up and the main
  /// queue are always watched.
  var isIdle: Bool {
    soon.isEmpty && timers.nextDeadline == nil && threadCalls.isEmpty && base.watchCount <= (isMain ? 2 : 1)
  }

  /// How many calls wait for the next turn.
  var soonCount: Int { soon.count }

  /// The one object of its type that belongs to this reactor, made when it is first asked for.
  package func attached<Object: AnyObject>(_ type: Object.Type, make: () -> Object) -> Object {
    // There are only a few: looking through them is quicker than hashing. Each is stored with its type.
    for attachment in attachments where attachment.type == ObjectIdentifier(type) {
      return unsafeDowncast(attachment.object, to: type)
    }
    let object = make()
    attachments.append((ObjectIdentifier(type), object))
    return object
  }
}

@available(*, unavailable, message: "A reactor belongs to its thread; others use its remote")
extension Reactor: Sendable {}
