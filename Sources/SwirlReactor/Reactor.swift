import CSwirlSystem
import Dispatch
import Logging
package import SwirlDeferred

/// The event loop: it calls callbacks when timers are due, descriptors are ready, signals arrive, or other threads send
/// calls.
///
/// ```swift
/// reactor.callLater(.seconds(1)) {
///   print("a second later")
///   reactor.stop()
/// }
/// reactor.run()
/// ```
///
/// Everything runs on the thread that called ``run(handlingSignals:)``, one callback at a time, so callbacks share
/// state without locks. A `Reactor` is not `Sendable`; other threads use its ``remote``.
///
/// One turn of the loop runs, in this order: calls from other threads; calls that ``callSoon(file:line:_:)`` queued
/// before the turn, in FIFO order; due timers, by time and then in FIFO order; runnable tasks. Then it waits, and runs
/// the callbacks of descriptors and signals; a task that one of them resumes runs before the next one is called.
/// Calls queued during a turn wait for the next turn.
///
/// A reactor can be run again after it was stopped. Twisted: `reactor`; asyncio: the event loop; Tornado: `IOLoop`.
public final class Reactor {
  enum State {
    /// Not in `run()`. A `stop()` now makes the next run end as soon as it has started.
    case idle
    /// In `run()`.
    case running
    /// Still in `run()`, but the shutdown has started: its triggers run.
    case stopping
    /// The last turn has ended, or `crash()` was called.
    case stopped
  }

  var state = State.idle
  var stopRequested = false
  /// The number of runs: leftovers of one run must not affect the next.
  var runNumber = 0
  /// Whether it is the main thread's reactor.
  let isMain: Bool
  /// Whether it runs because an async `main` waits.
  var runsForAsyncMain = false

  let base: any ReactorBackend
  /// The Sendable interface of this reactor, for other threads.
  public let remote: RemoteReactor
  package let timers: TimerQueue
  /// The virtual clock; nil with the system's clock.
  package let virtualTime: VirtualTime?
  /// The random source for this reactor's layers.
  @exclusivity(unchecked) package var random: ReactorRandom
  // A call, because other modules would check access to the property at run time.
  package func nextRandom() -> UInt64 { random.next() }
  /// The hooks and metrics of the loop; nil until they are used.
  var observer: LoopObserver? {
    didSet { base.onWake = observer.map { observer in { [unowned self] in observer.didWait(self) } } }
  }

  /// A reference for objects that may outlive the reactor.
  package private(set) lazy var reference = ReactorReference(self)

  // The queues of a turn are exempt from run-time checks for overlapping access: no callback runs while one of them
  // changes. Exceptions are the remote's lock, which calls no callbacks, and the deinits of removed calls, which can
  // only add to `soon`.
  @exclusivity(unchecked) private var soon: [SoonCall] = []
  @exclusivity(unchecked) private var soonRunning: [SoonCall] = []
  @exclusivity(unchecked) private var remoteRunning: [RemoteReactor.Call] = []
  /// A batch for the turn, not a queue with a long life: a ring buffer takes 300 instructions more an await.
  @exclusivity(unchecked) private var jobs: [TaskPiece] = []
  private var wakeUpEvent: FileEvent?
  // Exempt, too: resuming calls nothing of this reactor.
  @exclusivity(unchecked) var resumptions = Resumptions()

  var readWatches: [Int32: DescriptorWatch] = [:]
  var writeWatches: [Int32: DescriptorWatch] = [:]
  var signals: [Int32: SignalHandlers] = [:]
  var triggers: [SystemEvent: [Trigger]] = [:]
  var nextTriggerID = 0
  var ownThreadPool: ThreadPool?
  /// The pending calls on other threads.
  let threadCalls = ThreadCalls()
  /// Everything that is open on this reactor.
  package let handles = HandleList()
  /// Objects that higher layers attach to this reactor, one per type: see `attached(_:make:)`.
  @exclusivity(unchecked) private var attachments: [(type: ObjectIdentifier, object: AnyObject)] = []

  /// Called with each error that a callback of this reactor threw, and each failure of a Deferred that nothing handled
  /// on its thread, in place of the log; nil, the default, logs them. It is called on the reactor's thread, where the
  /// error arose, and must not throw. See ``CallbackError``.
  ///
  /// Twisted: a log observer for `isError`; asyncio: `set_exception_handler`; Tornado: `handle_callback_exception`.
  public var onError: ((CallbackError) -> Void)?

  /// A callback that runs longer is logged, with the place where it was added; nil, the default, measures nothing. With
  /// `SWIRL_DEBUG=1` in the environment the default is 100 ms, as in asyncio's debug mode.
  ///
  /// It covers what an event of a descriptor calls, too, such as the callbacks of a response and the handlers of a
  /// server: the log then has the descriptor and its peer. So it does the part of a task between two awaits.
  public var slowCallbackThreshold: Duration? {
    didSet { measureSlowCallbacks() }
  }
  var slowNanoseconds: Int64?
  /// The number of slow callbacks logged so far.
  var slowReports = 0

  /// A separate reactor, for a thread without a reactor. The main thread's is ``main``.
  public convenience init() { self.init(isMain: false) }

  /// A reactor with its own clock, for simulations and tests: with `.virtual` a day of timers passes as fast as its
  /// callbacks run.
  ///
  /// Twisted: `task.Clock`; tokio: `time::pause`; trio: `MockClock`.
  public convenience init(clock: ClockSource) { self.init(isMain: false, clock: clock) }

  /// A reactor with its own backend.
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
    base.onJobs = { [unowned self] in runJobsOfHandler() }
    wakeUpEvent = base.fileEvent(self.remote.wakeUp.readEnd, .read) { [wakeUp = self.remote.wakeUp] in wakeUp.clear() }
    wakeUpEvent?.enable()
    if ProcessSetup.isDebugging { measureCallbacks() }
    if isMain { beginMain() }
  }

  // Outside of the initializer, where the observer of the property is not called.
  private func measureCallbacks() { slowCallbackThreshold = .milliseconds(100) }

  /// Sets up the main reactor for an async `main`, and the message at exit if it never ran.
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

  /// It will not run again: fails pending awaits on it, and releases shutdown triggers, which often capture the
  /// reactor.
  func retire() {
    // Their captures may remove other triggers.
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
    // Close the watch before the descriptor, which closes with the last reference to the remote.
    wakeUpEvent?.close()
  }

  // MARK: - Running

  /// Runs the loop on this thread until ``stop()``.
  ///
  /// On the main thread it also runs the main dispatch queue, so that `@MainActor` tasks continue. It must not be
  /// called from such a task: the main queue does not nest. Await what you need there, or call it from the top level of
  /// `main.swift`.
  ///
  /// - Parameter handlingSignals: whether SIGINT and SIGTERM stop the main reactor while it runs; a second one ends the
  ///   loop at once, without waiting for shutdown triggers and threads. A signal that the process ignores stays
  ///   ignored.
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

  /// Ends the loop: it runs the shutdown triggers and waits for their Deferreds, and waits for calls on threads up to
  /// ``threadCallTimeLimit``; then `run` returns.
  ///
  /// Before `run`, it makes the next `run` end as soon as it has started. Further calls do nothing. From another thread
  /// use `remote.stop()`.
  public func stop() {
    // In the last turn it counts as a repeated call, not as one for the next run.
    if state != .stopped { stopRequested = true }
  }

  /// Ends the loop after the current turn, without shutdown triggers. Twisted: `crash`.
  public func crash() {
    let wasStopping = state == .stopping
    stopRequested = false
    if state != .idle { state = .stopped }
    if wasStopping { giveUpThreadCalls("were not waited for") }
  }

  /// Whether `run` is active.
  public var isRunning: Bool { state != .idle }

  /// The time of the current turn: like `now`, but with one clock read for many calls.
  package var turnTime: Int64 {
    // Between runs no turn caches the time.
    if state == .idle { return readClock() }
    if cachedTime == 0 { cachedTime = readClock() }
    return cachedTime
  }
  @exclusivity(unchecked) private var cachedTime: Int64 = 0

  /// The latest time known without reading the clock, `turnTime` or later: never in the future.
  package func knownTime(since turnTime: Int64) -> Int64 { max(turnTime, lookTime) }

  /// Reads the clock and stores the time for `knownTime`.
  package func lookAtClock() -> Int64 {
    lookTime = readClock()
    return lookTime
  }
  @exclusivity(unchecked) private var lookTime: Int64 = 0

  /// The number of polls of descriptors, the current one included. A later poll reports events that arrive after this
  /// one.
  // Computed, because other modules would check access to a stored property at run time.
  package var pollCount: Int { polls }
  @exclusivity(unchecked) private var polls = 0

  /// - Parameter limit: when the turn ends at the latest, in nanoseconds on the reactor's clock.
  func turn(until limit: Int64 = .max) {
    cachedTime = 0
    // Calls that this turn's callbacks queue wait for the next turn, in each of the three queues.
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
    resumptions.send()
    observer?.willWait(self)
    // Time passes during the wait.
    defer { cachedTime = 0 }
    cachedTime = 0
    polls &+= 1
    let hasMore = !soon.isEmpty || !jobs.isEmpty || state == .stopped || (stopRequested && state == .running)
    // An iteration that did something does not wait, nor does virtual time pass.
    let mustLook = isBusy && (limit != .max || virtualTime != nil || !remote.fallAsleep())
    if hasMore || mustLook {
      base.poll(until: 0, now: 0)
    } else if let virtualTime {
      waitVirtually(virtualTime, until: limit)
    } else {
      base.poll(until: limit == .max ? timers.nextDeadline : min(timers.nextDeadline ?? .max, limit), now: readClock())
    }
    observer?.didWait(self)
    resumptions.send()
  }

  private func takeRemoteCalls() -> Bool {
    guard remote.takeCalls(reusing: &remoteRunning, jobs: &jobs) else { return false }
    for call in remoteRunning { perform(at: call.site) { try call.body(self) } }
    remoteRunning.removeAll(keepingCapacity: true)
    return true
  }

  // MARK: - Tasks

  /// Enqueues a job from this thread: it runs after the current callback.
  func enqueue(_ piece: TaskPiece) {
    if jobs.isEmpty { base.hasJobs = true }
    jobs.append(piece)
  }

  /// The maximum number of jobs in a turn, and behind a handler: jobs that enqueue further jobs endlessly must not
  /// starve them.
  private static let jobsPerTurn = 256

  private func runJobs() {
    base.hasJobs = false
    runJobs(Self.jobsPerTurn)
  }

  /// Runs the jobs that the handler of a descriptor has enqueued, so that what a task got, a body of some size, is used
  /// and freed before the next descriptor is read. Jobs that these enqueue, and all behind them, wait for the turn.
  private func runJobsOfHandler() {
    base.hasJobs = false
    if !jobs.isEmpty, state != .stopped {
      runJobs(min(jobs.count, Self.jobsPerTurn))
      // They took their time: the handlers behind them have another one.
      cachedTime = 0
    }
    if keepsResumptions {
      resumeIfDue()
      if keepsResumptions { base.hasJobs = true }
    }
  }

  private func runJobs(_ most: Int) {
    var next = 0
    while next < jobs.count, next < most {
      let job = jobs[next]
      if slowNanoseconds == nil { job.run() } else { measure({ "a part of a task between two awaits" }) { job.run() } }
      next += 1
      if keepsResumptions { resumeIfDue() }
    }
    jobs.removeFirst(next)
  }

  /// Keeps a task on another thread that is to be resumed until the end of the turn, or until others have taken long.
  func resumeTogether(_ resumption: Resumption) {
    resumptions.add(resumption)
    keepsResumptions = true
    // Looked at after each handler.
    base.hasJobs = true
  }

  /// Whether `resumptions` may have some: what is looked at after each callback is one load.
  @exclusivity(unchecked) private var keepsResumptions = false

  private func resumeIfDue() { keepsResumptions = resumptions.sendIfDue() }

  /// The main actor continues without the reactor.
  func giveBackJobs() {
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

  /// Calls `body` in the next turn, before timers that are due then. An error that it throws is logged. asyncio:
  /// `call_soon`; Twisted: `callLater(0, …)`.
  public func callSoon(file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void) {
    soon.append(SoonCall(site: CallSite(file: file, line: line), body: body))
  }

  /// Calls `body` at once if the reactor runs, otherwise when it starts. An error that it throws is logged. Twisted:
  /// `callWhenRunning`.
  public func callWhenRunning(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
  ) {
    if isRunning {
      perform(at: CallSite(file: file, line: line), body)
    } else {
      addSystemEventTrigger(.after, .startup, file: file, line: line, runsOnce: true, body)
    }
  }

  /// Runs a program's callback. If it throws or takes too long, logs that with the place where it was added.
  package func perform(at site: CallSite, _ body: () throws -> Void) {
    // The system's clock, because a callback takes real time even if the reactor's clock is virtual.
    let start = slowNanoseconds == nil ? 0 : SystemClock.monotonic
    do { try body() } catch { report(CallbackError(.callback, error, at: site)) }
    if let slowNanoseconds {
      let nanoseconds = SystemClock.monotonic - start
      if nanoseconds >= slowNanoseconds {
        slowReports += 1
        log.warning("the callback made at \(site) ran for \(nanoseconds / 1_000_000) ms; nothing else ran meanwhile")
      }
    }
    if keepsResumptions { resumeIfDue() }
  }

  // MARK: - Layers above

  /// Whether it has no pending work of the program: no timer, call, descriptor, signal or call on a thread. The watches
  /// on the wake-up and the main queue do not count.
  var isIdle: Bool {
    soon.isEmpty && timers.nextDeadline == nil && threadCalls.isEmpty && base.watchCount <= (isMain ? 2 : 1)
  }

  /// The number of calls queued for the next turn.
  var soonCount: Int { soon.count }

  /// The object of this type that is attached to the reactor, made on first access.
  package func attached<Object: AnyObject>(_ type: Object.Type, make: () -> Object) -> Object {
    // There are only a few: a linear search is faster than hashing. Each is stored with its type.
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
