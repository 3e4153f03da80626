import SwirlDeferred
import Testing

@testable import SwirlReactor

@Suite(.timeLimit(.minutes(10))) struct ResumptionsTests {
  /// Deferreds that wait on the thread of a reactor.
  ///
  /// Unchecked: only that thread accesses them.
  private final class Waiting: @unchecked Sendable {
    var deferreds: [Deferred<Int>] = []

    /// Fires those that come first, with numbers in order, in this turn; the others in the next ones.
    func fire(_ shares: ArraySlice<Int>, from number: Int = 0, on reactor: Reactor) {
      guard let share = shares.first else { return }
      for number in number..<number + share { deferreds[number].callback(number) }
      reactor.callSoon { self.fire(shares.dropFirst(), from: number + share, on: reactor) }
    }
  }

  /// Notes that it was resumed.
  private final class Noted: Resumption, @unchecked Sendable {
    private let number: Int
    private let notes: Guarded<[Int]>

    init(_ number: Int, in notes: Guarded<[Int]>) {
      self.number = number
      self.notes = notes
    }

    override func resume() { notes.withLock { $0.append(number) } }
  }

  private static let shares = [[1], [2], [63], [64], [65], [1_000], [3, 1, 2, 1, 1, 130, 1, 64, 1, 1]]

  // One is resumed where it is, more together, 64 before the end of a turn. One alone must not overtake others.
  @Test(arguments: shares) func `tasks are resumed in FIFO order`(_ shares: [Int]) async {
    let notes = Guarded<[Int]>([])
    var resumptions = Resumptions()
    var count = 0
    for share in shares {
      for number in count..<count + share { resumptions.add(Noted(number, in: notes)) }
      resumptions.send()
      count += share
    }
    while notes.withLock({ $0.count }) < count { await Task.yield() }
    #expect(notes.withLock { $0 } == Array(0..<count))
  }

  /// Hears of results. Its order is the actor's: of two tasks that are resumed, either may enter first.
  private actor Listener {
    private(set) var heard: [Int] = []

    func listen(_ remote: RemoteReactor, _ waiting: Waiting) async throws {
      let number = try await remote.run { _ in
        let deferred = Deferred<Int>()
        waiting.deferreds.append(deferred)
        return deferred
      }
      heard.append(number)
    }
  }

  @Test(arguments: shares) func `each result for another thread arrives once`(_ shares: [Int]) async throws {
    let thread = ReactorThread()
    let waiting = Waiting()
    let listener = Listener()
    let count = shares.reduce(0, +)
    try await withThrowingDiscardingTaskGroup { tasks in
      for _ in 0..<count { tasks.addTask { try await listener.listen(thread.remote, waiting) } }
      while try await thread.run({ _ in waiting.deferreds.count }) < count {}
      try await thread.run { reactor in waiting.fire(shares[...], on: reactor) }
    }
    #expect(await listener.heard.sorted() == Array(0..<count))
    await thread.stop()
  }

  // A result must not wait for callbacks that compute.
  @Test func `what has waited long is due`() async {
    let notes = Guarded<[Int]>([])
    var resumptions = Resumptions()
    resumptions.add(Noted(1, in: notes))
    let end = SystemClock.monotonic + 1_000_000
    while SystemClock.monotonic < end {}
    let someWait = resumptions.sendIfDue()
    #expect(!someWait)
    #expect(notes.withLock { $0 } == [1])
  }

  enum Wait { case run, iterate, blockingCall }

  // A callback that waits for a task, whose result came before in the same turn.
  @Test(arguments: [Wait.run, .iterate, .blockingCall])
  func `no result is kept while a callback waits for another reactor`(_ wait: Wait) async throws {
    let thread = ReactorThread()
    let other = ReactorThread()
    let hasWaited = Guarded(false)
    let isResumed = Guarded(false)
    let resumed = Gate()
    let gate = Gate()
    thread.remote.callFromThread { _ in gate.wait() }
    let task = Task.immediate(priority: .medium) {
      try await thread.run { _ in }
      isResumed.withLock { $0 = true }
      resumed.open()
    }
    thread.remote.callFromThread { _ in
      let reactor = Reactor()
      switch wait {
      case .run:
        func poll() {
          if isResumed.withLock({ $0 }) { reactor.stop() } else { reactor.callLater(.milliseconds(1), poll) }
        }
        poll()
        reactor.run(handlingSignals: false)
      case .iterate: while !isResumed.withLock({ $0 }) { reactor.iterate(.milliseconds(1)) }
      case .blockingCall:
        try other.remote.blockingCall { _ in resumed.wait() }
      }
      hasWaited.withLock { $0 = true }
    }
    gate.open()
    try await task.value
    await thread.stop()
    await other.stop()
    #expect(hasWaited.withLock { $0 })
  }

  // Who frees the Deferred still has the task of the call, and the call is cancelled then.
  @Test func `a call whose Deferred is freed ends, also when it is cancelled in that turn`() async {
    let thread = ReactorThread()
    let gate = Gate()
    thread.remote.callFromThread { _ in gate.wait() }
    let task = Task.immediate { try await thread.run { _ in Deferred<Int>() } }
    task.cancel()
    gate.open()
    await #expect(throws: ReactorReleasedError.self) { try await task.value }
    await thread.stop()
  }

  // The pool may be busy for long.
  @Test func `only tasks that resume on the pool wait for a thread of it`() async {
    #expect(await Task(priority: .medium) { resumesOnPool(nil) && resumesOnPool(Listener()) }.value)
    #expect(await Task(priority: .high) { !resumesOnPool(nil) && !resumesOnPool(Listener()) }.value)
    #expect(!resumesOnPool(MainActor.shared))
    let thread = ReactorThread()
    #expect(!resumesOnPool(Resident(on: thread.remote)))
    #expect(await Task(executorPreference: thread.remote) { !resumesOnPool(nil) && !resumesOnPool(Listener()) }.value)
    await thread.stop()
  }

  @Test func `a result of the last turn arrives`() async throws {
    let thread = ReactorThread()
    let numbers = await withTaskGroup(of: Int?.self) { tasks in
      for number in 1...100 {
        tasks.addTask { [remote = thread.remote] in
          try? await remote.run { reactor in
            if number == 100 { reactor.crash() }
            return number
          }
        }
      }
      // The others come before it, or throw; no task waits for ever.
      return await tasks.reduce(into: Set<Int>()) { numbers, number in if let number { numbers.insert(number) } }
    }
    #expect(numbers.contains(100))
    await thread.stop()
  }

  @Test func `a result of an iteration arrives`() {
    let reactor = Reactor()
    let count = Guarded(0)
    for _ in 1...10 {
      Task.detached { [remote = reactor.remote] in
        _ = try await remote.run { _ in }
        count.withLock { $0 += 1 }
      }
    }
    while count.withLock({ $0 }) < 10 { reactor.iterate(.milliseconds(1)) }
  }

  // MARK: - Tasks that leave

  private actor Resident {
    private let remote: RemoteReactor
    init(on remote: RemoteReactor) { self.remote = remote }
    nonisolated var unownedExecutor: UnownedSerialExecutor { remote.asUnownedSerialExecutor() }

    func ask(_ other: Other) async -> Int {
      let number = await other.next()
      #expect(remote.isCurrent)
      return number
    }

    func call(_ body: @Sendable () -> Void) { body() }
  }

  /// On other threads.
  private actor Other {
    private var number = 0
    func next() -> Int {
      number += 1
      return number
    }
  }

  @Test(arguments: [1, 2, 64, 1_000]) func `tasks that leave the reactor's thread come back`(_ count: Int) async {
    let thread = ReactorThread()
    let resident = Resident(on: thread.remote)
    let other = Other()
    let numbers = await withTaskGroup(of: Int.self) { tasks in
      for _ in 0..<count { tasks.addTask { await resident.ask(other) } }
      return await tasks.reduce(into: Set<Int>()) { $0.insert($1) }
    }
    #expect(numbers == Set(1...count))
    await thread.stop()
  }

  // Who starts a task may wait for it.
  @Test func `a task that is started on the reactor's thread does not wait for the turn's end`() async throws {
    let thread = ReactorThread()
    @Sendable func startAndWait() {
      let gate = Gate()
      Task.detached { gate.open() }
      gate.wait()
    }
    await Resident(on: thread.remote).call { startAndWait() }
    try await thread.run { _ in startAndWait() }
    _ = try await thread.run { _ in Deferred<Void> { startAndWait() } }
    await thread.stop()
  }
}
