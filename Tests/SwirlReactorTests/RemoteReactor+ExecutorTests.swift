import SwirlDeferred
import SwirlPlatform
import Testing

@testable import SwirlReactor

@Suite(.timeLimit(.minutes(10))) struct RemoteReactorExecutorTests {
  /// Lives on a reactor's thread.
  actor Resident {
    private let remote: RemoteReactor
    private(set) var count = 0
    private var isInside = false

    init(on remote: RemoteReactor) { self.remote = remote }

    nonisolated var unownedExecutor: UnownedSerialExecutor { remote.asUnownedSerialExecutor() }

    func increment() { count += 1 }

    /// Fails if another call runs at the same time.
    func incrementAlone() {
      #expect(!isInside)
      isInside = true
      for _ in 0..<10 { count += 1 }
      isInside = false
    }

    /// Whether it is on its own thread before and after awaits of all kinds.
    func isAtHome(visiting other: Visitor) async throws -> [Bool] {
      var answers = [remote.isCurrent]
      let deferred = Deferred<Void>()
      Reactor.current.callSoon { deferred.callback() }
      try await deferred.value
      answers.append(remote.isCurrent)
      await Task.yield()
      answers.append(remote.isCurrent)
      answers.append(await !other.isOn(remote))
      answers.append(remote.isCurrent)
      return answers
    }

    func order(_ numbers: Range<Int>, into seen: Guarded<[Int]>) {
      for number in numbers { Task(executorPreference: remote) { @concurrent in seen.withLock { $0.append(number) } } }
    }
  }

  /// An actor with the default executor.
  actor Visitor {
    func isOn(_ remote: RemoteReactor) -> Bool { remote.isCurrent }
  }

  // MARK: - Where jobs run

  @Test func `an actor on a remote runs on the reactor's thread, and comes back there from every await`() async throws {
    let thread = ReactorThread()
    let resident = Resident(on: thread.remote)
    let answers = try await resident.isAtHome(visiting: Visitor())
    #expect(answers == [true, true, true, true, true])
    await thread.stop()
  }

  @Test func `the fields of an actor are changed by its reactor's callbacks, by assumeIsolated`() async throws {
    let thread = ReactorThread()
    let resident = Resident(on: thread.remote)
    try await thread.run { reactor -> Deferred<Void> in
      let done = Deferred<Void>()
      reactor.callSoon {
        resident.assumeIsolated { $0.increment() }
        done.callback()
      }
      return done
    }
    #expect(await resident.count == 1)
    await thread.stop()
  }

  @Test
  func
    `assumeIsolated and checkIsolated on another thread end the program, the latter saying how to come to the reactor's`()
    async
  {
    var result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      func notThere(_ resident: Resident) { resident.assumeIsolated { $0.increment() } }
      notThere(Resident(on: ReactorThread.shared.remote))
    }
    #expect(words(of: result).contains("Incorrect actor executor assumption"))
    result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      ReactorThread.shared.remote.checkIsolated()
    }
    #expect(words(of: result).contains("come there with remote.callFromThread"))
  }

  @Test func `it is isolating on the thread of its reactor while that runs, and nowhere else`() {
    let reactor = Reactor()
    let other = Reactor()
    let remote = reactor.remote
    #expect(remote.isIsolatingCurrentContext() == false)
    reactor.callSoon { [unowned reactor] in
      #expect(remote.isIsolatingCurrentContext() == true)
      remote.checkIsolated()
      #expect(other.remote.isIsolatingCurrentContext() == false)
      let isAsked = Gate()
      startThread {
        #expect(remote.isIsolatingCurrentContext() == false)
        isAsked.open()
      }
      isAsked.wait()
      // A nested run: its callbacks do not belong to the outer reactor.
      other.callSoon { [unowned other] in
        #expect(other.remote.isIsolatingCurrentContext() == true)
        #expect(remote.isIsolatingCurrentContext() == false)
        other.stop()
      }
      other.runGuarded()
      #expect(remote.isIsolatingCurrentContext() == true)
      reactor.stop()
    }
    reactor.runGuarded()
    #expect(remote.isIsolatingCurrentContext() == false)
  }

  @Test func `a task that prefers the remote runs on its thread, with its child tasks and the functions it awaits`()
    async throws
  {
    let thread = ReactorThread()
    let remote = thread.remote
    @concurrent func elsewhere() async -> Bool { remote.isCurrent }
    nonisolated func here() async -> Bool { remote.isCurrent }
    let answers = await Task(executorPreference: remote) { @concurrent in
      async let child = remote.isCurrent
      var answers = [remote.isCurrent, await elsewhere(), await here(), await child]
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<3 { group.addTask { remote.isCurrent } }
        for await answer in group { answers.append(answer) }
      }
      answers.append(remote.isCurrent)
      // An actor with a custom executor runs there; a default actor runs on the task's executor.
      answers.append(await Visitor().isOn(remote))
      answers.append(await MainActor.run { !remote.isCurrent })
      answers.append(remote.isCurrent)
      return answers
    }.value
    #expect(answers == Array(repeating: true, count: 11))
    await thread.stop()
  }

  @Test func `withTaskExecutorPreference goes to the thread and comes back`() async {
    let thread = ReactorThread()
    let remote = thread.remote
    @concurrent func where_() async -> Bool { remote.isCurrent }
    let before = await where_()
    let inside = await withTaskExecutorPreference(remote) { await where_() }
    let after = await where_()
    #expect(!before && inside && !after)
    await thread.stop()
  }

  // MARK: - When jobs run

  @Test func `a task from the reactor's own thread writes no wake-up, one from another thread does`() {
    let reactor = Reactor()
    let remote = reactor.remote
    func isSignalled() -> Bool {
      var descriptor = pollfd(fd: remote.wakeUp.readEnd, events: Int16(POLLIN), revents: 0)
      return poll(&descriptor, 1, 0) == 1
    }
    let ran = Guarded(0)
    reactor.callSoon { [unowned reactor] in
      Task(executorPreference: remote) { @concurrent in ran.withLock { $0 += 1 } }
      #expect(!isSignalled())
      let isSent = Gate()
      startThread {
        Task(executorPreference: remote) { @concurrent in ran.withLock { $0 += 1 } }
        isSent.open()
      }
      isSent.wait()
      #expect(isSignalled())
      reactor.callSoon { reactor.callSoon { reactor.stop() } }
    }
    reactor.runGuarded()
    #expect(ran.withLock { $0 } == 2)
    #expect(!isSignalled())
  }

  @Test func `tasks run in the order in which they come, from the reactor's thread and from another`() async throws {
    let thread = ReactorThread()
    let seen = Guarded<[Int]>([])
    let resident = Resident(on: thread.remote)
    await resident.order(0..<1000, into: seen)
    for number in 1000..<2000 {
      Task(executorPreference: thread.remote) { @concurrent in seen.withLock { $0.append(number) } }
    }
    await Task(executorPreference: thread.remote) { @concurrent in }.value
    let isInOrder = seen.withLock { $0 } == Array(0..<2000)
    #expect(isInOrder)
    await thread.stop()
  }

  @Test func `in a turn tasks come after the calls from threads, callSoon and the timers`() {
    let reactor = Reactor()
    let seen = Guarded<[String]>([])
    @Sendable func see(_ word: String) { seen.withLock { $0.append(word) } }
    Task(executorPreference: reactor.remote) { @concurrent in see("task") }
    reactor.callLater(.zero) { see("timer") }
    reactor.callSoon { see("soon") }
    reactor.remote.callFromThread { see("call") }
    reactor.runTurns(1)
    #expect(seen.withLock { $0 } == ["call", "soon", "timer", "task"])
  }

  @Test func `a task begun in a callback runs when that has returned, before the next turn`() {
    let reactor = Reactor()
    let remote = reactor.remote
    let seen = Guarded<[String]>([])
    @Sendable func see(_ word: String) { seen.withLock { $0.append(word) } }
    reactor.callSoon { [unowned reactor] in
      Task(executorPreference: remote) { @concurrent in see("task") }
      reactor.callSoon { see("next turn") }
      see("callback")
    }
    reactor.runTurns(3)
    #expect(seen.withLock { $0 } == ["callback", "task", "next turn"])
  }

  @Test func `a task that the callback of a descriptor resumes goes on before the next descriptor's callback`() throws {
    let backend = ManualBackend()
    let reactor = Reactor(clock: .virtual(), backend: backend)
    let remote = reactor.remote
    let seen = Guarded<[String]>([])
    @Sendable func see(_ word: String) { seen.withLock { $0.append(word) } }
    let numbers: [Int32] = [100_005, 100_006, 100_007]
    for number in numbers {
      try reactor.addReader(number) { [unowned reactor] in
        see("read \(number)")
        reactor.removeReader(number)
        Task(executorPreference: remote) { @concurrent in
          see("task \(number)")
          // That waits for the turn, and those behind it with it.
          if number == numbers[1] { Task(executorPreference: remote) { @concurrent in see("its task") } }
        }
        reactor.callSoon { see("soon") }
      }
      backend.setReady(number, .read)
    }
    reactor.runTurns(3)
    let (first, second, third) = (numbers[0], numbers[1], numbers[2])
    #expect(
      seen.withLock { $0 } == [
        "read \(first)", "task \(first)", "read \(second)", "task \(second)", "read \(third)", "soon", "soon", "soon",
        "its task", "task \(third)",
      ])
  }

  @Test func `so it is with the kernel's descriptors, and those behind have the time after the task`() throws {
    let reactor = Reactor()
    let remote = reactor.remote
    let seen = Guarded<[String]>([])
    @Sendable func see(_ word: String) { seen.withLock { $0.append(word) } }
    let pipes = (0..<3).map { _ in DescriptorPair.pipe() }
    var times: [Int64] = []
    for pipe in pipes {
      try reactor.addReader(pipe) { [unowned reactor] in
        see("read")
        times.append(reactor.turnTime)
        reactor.removeReader(pipe)
        Task(executorPreference: remote) { @concurrent in
          see("task")
          let start = SystemClock.monotonic
          while SystemClock.monotonic == start {}
        }
      }
      #expect(write(pipe.writeEnd, "x", 1) == 1)
    }
    reactor.runTurns(3)
    #expect(seen.withLock { $0 } == ["read", "task", "read", "task", "read", "task"])
    #expect(times.count == 3 && times[0] < times[1] && times[1] < times[2])
  }

  @Test func `a callback that stops the loop leaves its tasks to the next run`() throws {
    let backend = ManualBackend()
    let reactor = Reactor(clock: .virtual(), backend: backend)
    let remote = reactor.remote
    let seen = Guarded<[String]>([])
    @Sendable func see(_ word: String) { seen.withLock { $0.append(word) } }
    let number: Int32 = 100_005
    try reactor.addReader(number) { [unowned reactor] in
      Task(executorPreference: remote) { @concurrent in see("task") }
      reactor.removeReader(number)
      reactor.crash()
    }
    backend.setReady(number, .read)
    reactor.run()
    see("stopped")
    reactor.runTurns(1)
    #expect(seen.withLock { $0 } == ["stopped", "task"])
  }

  @Test func `endless tasks leave timers, descriptors and calls their turn`() {
    let reactor = Reactor()
    let remote = reactor.remote
    let isOver = Guarded(false)
    let left = Guarded(600)
    let pair = DescriptorPair.pipe()
    // More jobs than run in one turn; each enqueues itself again at once.
    for _ in 0..<600 {
      Task(executorPreference: remote) { @concurrent in
        var yields = 0
        while !isOver.withLock({ $0 }), yields < 20_000 {
          await Task.yield()
          yields += 1
        }
        #expect(yields < 20_000, "it was never told to end")
        let isLast = left.withLock {
          $0 -= 1
          return $0 == 0
        }
        if isLast { Reactor.current.stop() }
      }
    }
    var seen: [String] = []
    func see(_ what: String) {
      seen.append(what)
      if seen.count == 3 { isOver.withLock { $0 = true } }
    }
    reactor.callLater(.milliseconds(1)) { see("timer") }
    let writeEnd = pair.writeEnd
    #expect(throws: Never.self) {
      try reactor.addReader(pair) {
        pair.receive()
        see("descriptor")
      }
    }
    let isHeard = Gate()
    startThread {
      remote.callFromThread { _ in isHeard.open() }
      isHeard.wait()
      _ = write(writeEnd, "x", 1)
    }
    reactor.callSoon { reactor.callSoon { see("soon") } }
    reactor.runGuarded()
    reactor.removeReader(pair)
    #expect(seen.sorted() == ["descriptor", "soon", "timer"])
    #expect(left.withLock { $0 } == 0)
  }

  // MARK: - When the reactor does not run, or was released

  @Test func `tasks wait for the run, and what a stop leaves is there for the next one`() {
    let reactor = Reactor()
    let remote = reactor.remote
    let seen = Guarded<[Int]>([])
    for number in 0..<1000 {
      Task(executorPreference: remote) { @concurrent in seen.withLock { $0.append(number) } }
    }
    #expect(seen.withLock { $0 }.isEmpty)
    reactor.stop()
    reactor.runGuarded()
    #expect(seen.withLock { $0 }.count < 1000, "the stop came too late to leave any")
    while seen.withLock({ $0 }).count < 1000 { reactor.runTurns(1) }
    let isInOrder = seen.withLock { $0 } == Array(0..<1000)
    #expect(isInOrder)
  }

  @Test func `tasks that wait when their reactor goes still run, in their order, before those that come later`() async {
    let seen = Guarded<[Int]>([])
    let tasks = Guarded<[Task<Void, Never>]>([])
    @Sendable func add(_ numbers: Range<Int>, to remote: RemoteReactor) {
      for number in numbers {
        let task = Task(executorPreference: remote) { @concurrent in seen.withLock { $0.append(number) } }
        tasks.withLock { $0.append(task) }
      }
    }
    var reactor: Reactor? = Reactor()
    let remote = reactor!.remote
    add(0..<1000, to: remote)
    // Some have run, the reactor has dequeued some, and some come later.
    reactor!.runTurns(2)
    let count = seen.withLock { $0 }.count
    #expect(count > 0 && count < 1000)
    add(1000..<2000, to: remote)
    reactor = nil
    add(2000..<2100, to: remote)
    for task in tasks.withLock({ $0 }) { await task.value }
    let isInOrder = seen.withLock { $0 } == Array(0..<2100)
    #expect(isInOrder)
  }

  @Test func `an actor whose reactor was released continues, one task after the other`() async {
    let thread = ReactorThread()
    let resident = Resident(on: thread.remote)
    await resident.incrementAlone()
    await thread.stop()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<1000 { group.addTask { await resident.incrementAlone() } }
    }
    #expect(await resident.count == 10_010)
    let isCurrent = await Task(executorPreference: thread.remote) { @concurrent in thread.remote.isCurrent }.value
    #expect(!isCurrent)
  }

  @Test func `tasks that are sent while the reactor is stopped and goes all run, once each`() async {
    for _ in 0..<50 {
      let thread = ReactorThread()
      let remote = thread.remote
      let ran = Guarded(0)
      let tasks = (0..<4).map { number in
        Task.detached {
          for count in 0..<50 {
            if number == 0, count == 10 { remote.stop() }
            await Task(executorPreference: remote) { @concurrent in ran.withLock { $0 += 1 } }.value
          }
        }
      }
      for task in tasks { await task.value }
      await thread.stop()
      #expect(ran.withLock { $0 } == 200)
    }
  }
}
