// Scenarios that need the main thread of a process. The tests run this and read its output.
import Dispatch
import SwirlDeferred
import SwirlPlatform
import SwirlReactor

/// Unbuffered, so that output before a crash is not lost.
func print(_ items: Any...) {
  let line = items.map { "\($0)" }.joined(separator: " ") + "\n"
  _ = write(1, line, line.utf8.count)
}

let mainThread = pthread_self()

// Default signal handling, as from a terminal, however the test was started.
for number in [SIGINT, SIGTERM, SIGUSR1] { signal(number, SIG_DFL) }

func isDefault(_ number: Int32) -> Bool {
  var action = sigaction()
  sigaction(number, nil, &action)
  return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 0
}

@MainActor func signalStops(_ number: Int32) {
  reactor.addSystemEventTrigger(.before, .shutdown) { print("shutdown") }
  reactor.callSoon { kill(getpid(), number) }
  reactor.run()
  print("stopped", isDefault(SIGINT), isDefault(SIGTERM))
}

@MainActor func secondSignalEnds() {
  reactor.addSystemEventTrigger(.before, .shutdown) {
    print("shutdown")
    reactor.callSoon { kill(getpid(), SIGINT) }
    return Deferred<Void>()
  }
  reactor.addSystemEventTrigger(.after, .shutdown) { print("never") }
  reactor.callSoon { kill(getpid(), SIGINT) }
  reactor.run()
  print("ended")
}

@MainActor func ignoredSignal() {
  signal(SIGINT, SIG_IGN)
  reactor.callSoon {
    kill(getpid(), SIGINT)
    reactor.callSoon { reactor.callSoon { kill(getpid(), SIGTERM) } }
  }
  let trigger = reactor.addSystemEventTrigger(.before, .shutdown) { print("shutdown", isDefault(SIGINT)) }
  reactor.run()
  reactor.removeSystemEventTrigger(trigger)
  do { try runUntilComplete { _ = kill(getpid(), SIGINT) } } catch { print(error) }
  print("still ignored")
  kill(getpid(), SIGINT)
  print("ended")
}

@MainActor func unhandledSignals() {
  reactor.callSoon {
    print(isDefault(SIGINT), isDefault(SIGTERM))
    reactor.stop()
  }
  reactor.run(handlingSignals: false)
}

@MainActor func signalHandlers() {
  var handlers: [SignalHandler] = []
  handlers.append(
    reactor.addSignalHandler(SIGUSR1) {
      print("first")
      reactor.removeSignalHandler(handlers[1])
    })
  handlers.append(reactor.addSignalHandler(SIGUSR1) { print("removed") })
  handlers.append(
    reactor.addSignalHandler(SIGUSR1) {
      print("third")
      reactor.removeSignalHandler(handlers[0])
      reactor.removeSignalHandler(handlers[2])
      print(isDefault(SIGUSR1))
      reactor.stop()
    })
  print(isDefault(SIGUSR1))
  // A signal before the run is kept for it.
  kill(getpid(), SIGUSR1)
  reactor.run()
}

/// Leaves the standard three open.
func limitDescriptors(_ count: Int) {
  for descriptor in Int32(3)..<1024 { close(descriptor) }
  var limit = rlimit(rlim_cur: rlim_t(count), rlim_max: rlim_t(count))
  setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}

@MainActor func mainQueue() {
  DispatchQueue.main.async { print("queued before") }
  Task { @MainActor in
    print("task")
    try await Task.sleep(for: .milliseconds(2))
    print("slept on the main thread:", pthread_equal(pthread_self(), mainThread) != 0)
    reactor.stop()
  }
  reactor.callWhenRunning {
    print("running")
    DispatchQueue.main.async { print("queued during") }
  }
  reactor.run()
  print("stopped")
}

@MainActor func awaitsDeferred() {
  let answer = Deferred<Int>()
  Task { @MainActor in
    print("got", try await answer.value)
    reactor.stop()
  }
  reactor.callLater(.milliseconds(2)) { answer.callback(42) }
  reactor.run()
}

@MainActor func runsTwice() {
  for number in 1...2 {
    Task { @MainActor in
      print("run", number)
      reactor.stop()
    }
    reactor.run()
  }
}

@MainActor func runFromTask() {
  Task { @MainActor in reactor.run() }
  reactor.run()
}

@MainActor func runFromTaskAfterDispatchMain() -> Never {
  Task { @MainActor in reactor.run() }
  dispatchMain()
}

@MainActor func runFromQueueAfterDispatchMain() -> Never {
  DispatchQueue.main.async { reactor.run() }
  dispatchMain()
}

@MainActor func runFromQueue() {
  DispatchQueue.main.async { reactor.run() }
  reactor.run()
}

@MainActor func brokenPipe() {
  _ = reactor
  var ends: [Int32] = [-1, -1]
  pipe(&ends)
  close(ends[0])
  print(write(ends[1], "x", 1), errno == EPIPE)
}

@MainActor func ownHandlerOfBrokenPipeStays() {
  signal(SIGPIPE) { _ in _ = write(1, "own\n", 4) }
  _ = reactor
  kill(getpid(), SIGPIPE)
}

@MainActor func current() {
  print(Reactor.current === Reactor.main, Reactor.current === reactor)
  let other = Reactor()
  other.callSoon {
    print(Reactor.current === other)
    other.stop()
  }
  other.run()
  print(Reactor.current === reactor)
}

@MainActor func handlerFromOtherReactor() {
  let other = Reactor()
  other.callSoon {
    MainActor.assumeIsolated {
      let handler = reactor.addSignalHandler(SIGUSR1) {}
      print(isDefault(SIGUSR1))
      reactor.removeSignalHandler(handler)
    }
    other.stop()
  }
  other.run()
}

@MainActor func noHandlerOnOther() {
  Reactor().addSignalHandler(SIGUSR1) {}
}

@MainActor func unhandledFailureIsLogged() {
  struct Wrong: Error {}
  _ = reactor
  _ = Deferred<Int>.fail(Wrong())
}

func exitFromThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? { exit(0) }

enum WakePipe {
  static let readEnd: Int32 = {
    var ends: [Int32] = [-1, -1]
    pipe(&ends)
    return ends[0]
  }()
}

@MainActor func forgotten(_ what: String) {
  switch what {
  case "call": reactor.callSoon {}
  case "two timers":
    for _ in 1...2 { reactor.callLater(.seconds(1)) {} }
  case "cancelled timer": reactor.callLater(.seconds(1)) {}.cancel()
  case "descriptor": try? reactor.addReader(WakePipe.readEnd) { () -> Void in }
  case "thread": _ = reactor.deferToThread {}
  case "ran":
    reactor.callLater(.seconds(1)) {}
    reactor.stop()
    reactor.run()
  case "other thread":
    reactor.callSoon {}
    var thread = pthread_t()
    pthread_create(&thread, nil, exitFromThread, nil)
    pthread_join(thread, nil)
  default: _ = reactor
  }
}

// MARK: - runUntilComplete

struct Wrong: Error {}

func isOnMainThread() -> Bool { pthread_equal(pthread_self(), mainThread) != 0 }

/// Fires in a later turn.
@MainActor func later() -> Deferred<Void> {
  let deferred = Deferred<Void>()
  reactor.callSoon { reactor.callSoon { deferred.callback() } }
  return deferred
}

@MainActor func completes() throws {
  let value = try runUntilComplete {
    try await later().value
    print("on the main thread:", isOnMainThread())
    return 42
  }
  print("returned", value)
  do {
    try runUntilComplete {
      try await later().value
      throw Wrong()
    }
  } catch { print("threw", error) }
  print("at once", try runUntilComplete { 7 })
}

@MainActor func completesTwice() throws {
  let answer = Deferred<Void>()
  let hasEnded = Deferred<Void>()
  try runUntilComplete {
    _ = Task {
      try await answer.value
      print("left by the first")
      hasEnded.callback()
    }
    print("first")
  }
  try runUntilComplete {
    answer.callback()
    try await hasEnded.value
    print("second")
  }
}

@MainActor func completesBesideOthers() throws {
  let other = Deferred<Void>()
  Task { @MainActor in
    print("other")
    other.callback()
  }
  let value = try runUntilComplete {
    try await other.value
    print("body")
    return "returned"
  }
  print(value)
}

/// Waits for ever, until it is cancelled.
@MainActor func waits() async throws {
  print("waiting")
  reactor.callSoon { kill(getpid(), firstSignal) }
  do { try await Deferred<Void>().value } catch {
    print(error)
    throw error
  }
}
var firstSignal = SIGINT

@MainActor func signalCancelsBody(_ number: Int32) throws {
  firstSignal = number
  reactor.addSystemEventTrigger(.after, .shutdown) { print("shutdown") }
  try runUntilComplete {
    defer { print("body ends") }
    do { try await waits() } catch {
      // A cancelled body may still await, to clean up.
      try await Task { try await later().value }.value
      print("cleaned up")
      throw error
    }
  }
  print("never")
}

@MainActor func ignoresInterrupt() throws {
  try runUntilComplete {
    try? await waits()
    for _ in 0..<10 { await Task { try? await later().value }.value }
    print("finished")
  }
  print("never")
}

@MainActor func secondInterrupt(_ number: Int32) throws {
  try runUntilComplete {
    try? await waits()
    kill(getpid(), number)
    await Task { try? await Deferred<Void>().value }.value
    print("never")
  }
  print("never")
}

@MainActor func signalsAfter() throws {
  try runUntilComplete { print("in the body", isDefault(SIGINT), isDefault(SIGTERM)) }
  print("afterwards", isDefault(SIGINT), isDefault(SIGTERM))
}

@MainActor func stopInBody() throws {
  func wait() async throws {
    do { try await Deferred<Void>().value } catch {
      print("await", error)
      throw error
    }
  }
  do {
    try runUntilComplete {
      reactor.stop()
      print("stopped")
      try await wait()
    }
  } catch { print("threw", error) }
  reactor.callWhenRunning {
    reactor.callSoon {
      print("from a callback")
      reactor.stop()
    }
  }
  let value = try runUntilComplete {
    try? await wait()
    return 5
  }
  print("returned", value)
}

@MainActor func stopBeforeBody() throws {
  reactor.stop()
  let value = try runUntilComplete {
    print("begins cancelled:", Task.isCancelled)
    return 1
  }
  print("returned", value)
}

@MainActor func crashInBody() {
  do {
    try runUntilComplete {
      reactor.crash()
      try await Deferred<Void>().value
    }
    print("never")
  } catch { print("threw", error) }
}

@MainActor func crashThenAnother() throws {
  let answer = Deferred<Void>()
  do {
    try runUntilComplete {
      reactor.crash()
      try await answer.value
      print("the first goes on")
    }
  } catch { print("crashed") }
  let value = try runUntilComplete {
    answer.callback()
    for _ in 0..<10 { try await later().value }
    return Task.isCancelled
  }
  print("the second was cancelled:", value)
}

@MainActor func runUntilCompleteInATask() throws {
  try runUntilComplete { await Task { try? runUntilComplete {} }.value }
}

// MARK: - Threads

/// Twenty calls, more than the pool has threads. No call can end before the shutdown has begun.
@MainActor func callTwentyThreads() -> () -> Int32 {
  let gate = DispatchSemaphore(value: 0)
  let descriptors = twoDescriptors()
  for _ in 0..<20 {
    reactor.callInThread {
      gate.wait()
      _ = write(descriptors[1], "x", 1)
    }
  }
  reactor.addSystemEventTrigger(.before, .shutdown) {
    print("shutdown")
    for _ in 0..<20 { gate.signal() }
  }
  return {
    close(descriptors[1])
    var bytes = [UInt8](repeating: 0, count: 100)
    return Int32(read(descriptors[0], &bytes, 100))
  }
}

func twoDescriptors() -> [Int32] {
  var ends: [Int32] = [-1, -1]
  pipe(&ends)
  return ends
}

@MainActor func threadsAtInterrupt() {
  let count = callTwentyThreads()
  reactor.callSoon { kill(getpid(), SIGINT) }
  reactor.run()
  print(count(), "done")
}

@MainActor func threadsAtEndOfBody() throws {
  let count = callTwentyThreads()
  try runUntilComplete {}
  print(count(), "done")
}

@MainActor func callThreadForEver() {
  let begun = DispatchSemaphore(value: 0)
  reactor.callInThread(name: "never ends") {
    begun.signal()
    DispatchSemaphore(value: 0).wait()
  }
  begun.wait()
}

@MainActor func secondInterruptAtThreads() {
  callThreadForEver()
  reactor.addSystemEventTrigger(.during, .shutdown) {
    reactor.callSoon { reactor.callSoon { kill(getpid(), SIGINT) } }
    return
  }
  reactor.callSoon { kill(getpid(), SIGINT) }
  reactor.run()
  print("ended")
}

@MainActor func secondInterruptAtThreadsOfBody() throws {
  callThreadForEver()
  reactor.addSystemEventTrigger(.during, .shutdown) {
    reactor.callSoon { reactor.callSoon { kill(getpid(), SIGINT) } }
    return
  }
  firstSignal = SIGINT
  try runUntilComplete { try? await waits() }
  print("ended")
}

let scenario = CommandLine.arguments.dropFirst().first ?? ""
// SIGALRM ends a process that hangs.
alarm(20)
switch scenario {
case let scenario where scenario.hasPrefix("forgotten: "): forgotten(String(scenario.dropFirst(11)))
case let scenario where scenario.hasPrefix("descriptors: "):
  limitDescriptors(Int(scenario.dropFirst(13))!)
  mainQueue()
case "sigint": signalStops(SIGINT)
case "sigterm": signalStops(SIGTERM)
case "second sigint": secondSignalEnds()
case "ignored signal": ignoredSignal()
case "unhandled signals": unhandledSignals()
case "signal handlers": signalHandlers()
case "main queue": mainQueue()
case "awaits": awaitsDeferred()
case "runs twice": runsTwice()
case "run from task": runFromTask()
case "after dispatchMain, task": runFromTaskAfterDispatchMain()
case "after dispatchMain, queue": runFromQueueAfterDispatchMain()
case "run from queue": runFromQueue()
case "broken pipe": brokenPipe()
case "own handler of broken pipe": ownHandlerOfBrokenPipeStays()
case "current": current()
case "handler from other": handlerFromOtherReactor()
case "no handler on other": noHandlerOnOther()
case "unhandled failure": unhandledFailureIsLogged()
case "debug mode":
  let threshold = reactor.slowCallbackThreshold
  print(deferredDebugging, threshold.map { "\($0)" } ?? "nil")
case "completes": try completes()
case "completes twice": try completesTwice()
case "completes beside others": try completesBesideOthers()
case "interrupts body": try signalCancelsBody(SIGINT)
case "terminates body": try signalCancelsBody(SIGTERM)
case "ignores interrupt": try ignoresInterrupt()
case "second interrupt": try secondInterrupt(SIGINT)
case "interrupt, terminate": try secondInterrupt(SIGTERM)
case "threads at sigint": threadsAtInterrupt()
case "threads at the end of a body": try threadsAtEndOfBody()
case "threads at second sigint, run": secondInterruptAtThreads()
case "threads at second sigint, runUntilComplete": try secondInterruptAtThreadsOfBody()
case "signals after": try signalsAfter()
case "stop in body": try stopInBody()
case "stop before body": try stopBeforeBody()
case "crash in body": crashInBody()
case "crash, then another": try crashThenAnother()
case "run until complete in a task": try runUntilCompleteInATask()
default: print("no such scenario: \(scenario)")
}
