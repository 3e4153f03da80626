import Measure
import Swirl

/// Fires in the next turn.
func soon(_ index: Int, on reactor: Reactor = .current) -> Deferred<Int> {
  let deferred = Deferred<Int>()
  reactor.callSoon { deferred.callback(index) }
  return deferred
}

/// The same without await, for comparison.
@MainActor func swirlCallback() {
  let count = Int(300_000 * scale)
  var start = Usage.now
  func next(_ index: Int) {
    if index == 0 { start = .now }
    if index < count { return _ = soon(index).addCallback { next($0 + 1) } }
    Report("on the loop's thread", operations: count, from: start).send()
    reactor.stop()
  }
  next(-count / 10)
  reactor.run()
}

/// The main actor, in `runUntilComplete`.
@MainActor func swirlMain() throws {
  try runUntilComplete {
    try await awaitOnTheThread(scale) { try await soon($0).value }
  }
}

/// An async body among callbacks, like the handlers of an HTTPServer.
@MainActor func swirlDeferred() {
  reactor.callSoon {
    Deferred { try await awaitOnTheThread(scale) { try await soon($0).value } }
      .addBoth { _ in reactor.stop() }
  }
  reactor.run()
}

/// An actor on the thread of a reactor, and tasks of the pool that use that reactor.
func swirlActor() {
  block {
    let thread = ReactorThread()
    let remote = thread.remote
    let resident = Resident(on: thread)
    try await resident.awaitOnTheThread()
    try await awaitFromThePool("there and back", scale) { try await remote.run { _ in 1 } }
    try await awaitFromThePool("a result of the next turn", scale) { try await remote.run { soon(1, on: $0) } }
    try await awaitFromThePool("an actor of the loop", scale) { await resident.next() }
    try await awaitFromThePool("a task of the loop", scale) { await Task(executorPreference: remote) { 1 }.value }
    await startTasks("tasks of the loop, in a row", scale) { countdown in
      Task(executorPreference: remote) { countdown.down() }
    }
    await startTasks("tasks for an actor, in a row", scale) { countdown in
      Task { await resident.down(countdown) }
    }
    await thread.stop()
  }
}

private actor Resident {
  private let thread: ReactorThread
  private var number = 0

  init(on thread: ReactorThread) { self.thread = thread }

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.remote.asUnownedSerialExecutor() }

  func awaitOnTheThread() async throws {
    try await Hops.awaitOnTheThread(scale) { try await self.soon($0).value }
  }

  /// It has a side effect: the compiler would remove an unobservable hop.
  func next() -> Int {
    number &+= 1
    return number
  }

  /// A method, because a closure that does not use the actor is not isolated to it, and would run on the pool.
  private func soon(_ index: Int) -> Deferred<Int> { Hops.soon(index) }

  func down(_ countdown: Countdown) { countdown.down() }
}
