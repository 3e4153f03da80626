import SwirlDeferred
import Testing

@testable import SwirlReactor

@Suite(.timeLimit(.minutes(10))) struct RemoteReactorRunTests {
  struct Wrong: Error {}

  /// The caller of `run`.
  enum Caller: CaseIterable {
    /// A thread of the pool.
    case pool
    /// A task that prefers the reactor's thread.
    case ownThread
    /// An actor on that thread.
    case actorThere
    /// An actor on another thread.
    case otherActor

    /// Calls `body` there. The test itself has no actor.
    @concurrent func call<Value: Sendable>(
      _ remote: RemoteReactor, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
      switch self {
      case .pool: try await body()
      case .ownThread:
        try await withTaskExecutorPreference(remote) {
          #expect(remote.isCurrent)
          return try await body()
        }
      case .actorThere: try await Resident(on: remote).call(body)
      case .otherActor: try await Other().call(body)
      }
    }
  }

  actor Resident {
    private let remote: RemoteReactor
    init(on remote: RemoteReactor) { self.remote = remote }
    nonisolated var unownedExecutor: UnownedSerialExecutor { remote.asUnownedSerialExecutor() }
    func call<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
      #expect(remote.isCurrent)
      defer { #expect(remote.isCurrent, "it came back elsewhere") }
      return try await body()
    }
  }

  actor Other {
    func call<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value { try await body() }
  }

  // MARK: - Results

  @Test(arguments: Caller.allCases) func `a body runs on the reactor's thread, and its value comes back`(
    _ caller: Caller
  )
    async throws
  {
    let thread = ReactorThread()
    let remote = thread.remote
    let value = try await caller.call(remote) {
      try await remote.run { reactor in
        #expect(remote.isCurrent && reactor.remote === remote)
        return 42
      }
    }
    #expect(value == 42)
    await thread.stop()
  }

  @Test(arguments: Caller.allCases) func `what a body throws is thrown`(_ caller: Caller) async throws {
    let thread = ReactorThread()
    let remote = thread.remote
    await #expect(throws: Wrong.self) {
      try await caller.call(remote) { try await remote.run { _ -> Int in throw Wrong() } }
    }
    await #expect(throws: Wrong.self) {
      try await caller.call(remote) { try await remote.run { _ -> Deferred<Int> in throw Wrong() } }
    }
    await thread.stop()
  }

  @Test(arguments: Caller.allCases)
  func `a Deferred that a body returns is awaited: one that has fired, one that will, one that fails`(_ caller: Caller)
    async throws
  {
    let thread = ReactorThread()
    let remote = thread.remote
    let values = try await caller.call(remote) {
      [
        try await remote.run { _ in Deferred.succeed(1) },
        try await remote.run { reactor in
          let deferred = Deferred<Int>()
          reactor.callSoon { deferred.callback(2) }
          return deferred
        },
      ]
    }
    #expect(values == [1, 2])
    await #expect(throws: Wrong.self) {
      try await caller.call(remote) { try await remote.run { _ in Deferred<Int>.fail(Wrong()) } }
    }
    await thread.stop()
  }

  @Test func `on the reactor's own thread the body runs in the next turn`() async throws {
    let thread = ReactorThread()
    let remote = thread.remote
    let seen = Guarded<[String]>([])
    try await Task(executorPreference: remote) { @concurrent in
      remote.callFromThread { seen.withLock { $0.append("call") } }
      try await remote.run { _ in seen.withLock { $0.append("body") } }
      seen.withLock { $0.append("back") }
    }.value
    #expect(seen.withLock { $0 } == ["call", "body", "back"])
    await thread.stop()
  }

  @Test func `the results of many callers come, each its own`() async throws {
    let thread = ReactorThread()
    try await withThrowingTaskGroup(of: (Int, Int).self) { group in
      for number in 0..<1000 {
        group.addTask {
          let value = try await thread.run { reactor in
            let deferred = Deferred<Int>()
            reactor.callSoon { deferred.callback(number) }
            return deferred
          }
          return (number, value)
        }
      }
      var count = 0
      for try await (number, value) in group {
        #expect(number == value)
        count += 1
      }
      #expect(count == 1000)
    }
    await thread.stop()
  }

  // MARK: - Cancelling

  @Test(arguments: Caller.allCases) func `a task that is cancelled before never runs the body`(_ caller: Caller)
    async throws
  {
    let thread = ReactorThread()
    let remote = thread.remote
    let one = Task.detached {
      try await caller.call(remote) {
        withUnsafeCurrentTask { $0?.cancel() }
        try await remote.run { _ in wasRun() }
      }
    }
    await #expect(throws: CancelledError.self) { try await one.value }
    let other = Task.detached {
      try await caller.call(remote) {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await remote.run { _ -> Deferred<Int> in
          wasRun()
          return Deferred()
        }
      }
    }
    await #expect(throws: CancelledError.self) { try await other.value }
    await thread.stop()
  }

  @Test(arguments: Caller.allCases, [false, true])
  func `a task that is cancelled while it waits cancels the Deferred once, and throws what comes of that`(
    _ caller: Caller, fromOwnThread: Bool
  ) async throws {
    let thread = ReactorThread()
    let remote = thread.remote
    let cancellations = Guarded(0)
    let producer = Producer()
    let (begun, begin) = AsyncStream<Void>.makeStream()
    let task = Task.detached {
      try await caller.call(remote) {
        try await remote.run { _ -> Deferred<Int> in
          let deferred = Deferred<Int>(canceller: { _ in
            #expect(remote.isCurrent)
            cancellations.withLock { $0 += 1 }
          })
          producer.keep(deferred)
          begin.yield()
          return deferred
        }
      }
    }
    for await _ in begun { break }
    if fromOwnThread { try await remote.run { _ in task.cancel() } } else { task.cancel() }
    task.cancel()
    await #expect(throws: CancelledError.self) { try await task.value }
    // A second cancellation would have arrived by then.
    try await remote.run { _ in }
    #expect(cancellations.withLock { $0 } == 1)
    await thread.stop()
  }

  @Test func `a canceller that fires decides what a cancelled task gets`() async throws {
    let thread = ReactorThread()
    let (begun, begin) = AsyncStream<Void>.makeStream()
    let producer = Producer()
    let task = Task.detached {
      try await thread.run { _ -> Deferred<Int> in
        let deferred = Deferred<Int>(canceller: { $0.callback(7) })
        producer.keep(deferred)
        begin.yield()
        return deferred
      }
    }
    for await _ in begun { break }
    task.cancel()
    #expect(try await task.value == 7)
    await thread.stop()
  }

  @Test(arguments: Caller.allCases) func `a task that is cancelled afterwards leaves the Deferred alone`(
    _ caller: Caller
  ) async throws {
    let thread = ReactorThread()
    let remote = thread.remote
    let cancellations = Guarded(0)
    let producer = Producer()
    let task = Task.detached {
      try await caller.call(remote) {
        let value = try await remote.run { reactor -> Deferred<Int> in
          let deferred = Deferred<Int>(canceller: { _ in cancellations.withLock { $0 += 1 } })
          producer.keep(deferred)
          reactor.callSoon { deferred.callback(5) }
          return deferred
        }
        withUnsafeCurrentTask { $0?.cancel() }
        return value
      }
    }
    #expect(try await task.value == 5)
    try await remote.run { _ in }
    #expect(cancellations.withLock { $0 } == 0)
    await thread.stop()
  }

  // MARK: - A released reactor

  @Test(arguments: [false, true])
  func `run fails once the reactor is released, and its body is never run`(prefersReactor: Bool) async throws {
    let thread = ReactorThread()
    let remote = thread.remote
    await thread.stop()
    let task = Task(executorPreference: prefersReactor ? remote : nil) { @concurrent in
      await #expect(throws: ReactorReleasedError.self) { try await remote.run { _ in wasRun() } }
      await #expect(throws: ReactorReleasedError.self) {
        _ = try await remote.run { _ -> Deferred<Int> in
          wasRun()
          return Deferred()
        }
      }
    }
    await task.value
    #expect("\(ReactorReleasedError())".contains("the reactor was released before there was a result"))
  }

  @Test func `run fails when the reactor goes before the body has been run`() async throws {
    var reactor: Reactor? = Reactor()
    let remote = reactor!.remote
    // It is suspended when this returns.
    let task = Task.immediate { try await remote.run { _ in wasRun() } }
    reactor = nil
    await #expect(throws: ReactorReleasedError.self) { try await task.value }
  }

  @Test func `run fails when the reactor goes with the producer of its Deferred`() async throws {
    let thread = ReactorThread()
    let (begun, begin) = AsyncStream<Void>.makeStream()
    let task = Task.detached {
      try await thread.remote.run { reactor -> Deferred<Void> in
        begin.yield()
        return reactor.sleep(.seconds(100_000))
      }
    }
    for await _ in begun { break }
    await thread.stop()
    await #expect(throws: ReactorReleasedError.self) { try await task.value }
  }

  @Test func `a task that is cancelled after the reactor was released ends all the same`() async throws {
    let thread = ReactorThread()
    await thread.stop()
    let task = Task.detached {
      withUnsafeCurrentTask { $0?.cancel() }
      try await thread.run { _ in wasRun() }
    }
    await #expect(throws: (any Error).self) { try await task.value }
  }

  @Test func `callers that come while the reactor goes all end, with a value or with its error`() async throws {
    for _ in 0..<50 {
      let thread = ReactorThread()
      let tasks = (0..<8).map { number in
        Task.detached {
          for count in 0..<20 {
            if number == 0, count == 3 { thread.remote.stop() }
            do { #expect(try await thread.run { _ in count } == count) } catch {
              #expect(error is ReactorReleasedError)
            }
            do {
              try await thread.run { reactor -> Deferred<Void> in
                let deferred = Deferred<Void>()
                reactor.callSoon { deferred.callback() }
                return deferred
              }
            } catch { #expect(error is ReactorReleasedError) }
          }
        }
      }
      for task in tasks { await task.value }
      await thread.stop()
    }
  }
}

/// Retains a Deferred that never fires, as its producer would.
///
/// Unchecked, because only the reactor's thread accesses it.
private final class Producer: @unchecked Sendable {
  private var deferred: AnyDeferred?
  func keep(_ deferred: AnyDeferred) { self.deferred = deferred }
}

private func wasRun() { Issue.record("a body was run whose call was over, or without its reactor") }
