import SwirlDeferred
import Testing

@testable import SwirlReactor

@Suite(.timeLimit(.minutes(10))) struct ReactorThreadTests {
  @Test func `it runs from the start, on one thread of its own, by its name`() async throws {
    let thread = ReactorThread(name: "swirl-has-a-name-that-is-long")
    var places: Set<Place> = []
    for _ in 0..<3 { places.insert(try await thread.run { _ in Place() }) }
    #expect(places.count == 1 && places.first != Place())
    #expect(places.first?.name == "swirl-has-a-nam")
    #expect(try await ReactorThread().run { _ in Place() }.name == "swirl-reactor")
    await thread.stop()
  }

  @Test func `stop waits for the shutdown triggers, and until the reactor is released`() async throws {
    let thread = ReactorThread()
    let seen = Guarded<[String]>([])
    try await thread.run { reactor in
      reactor.addSystemEventTrigger(.before, .shutdown) { () -> Deferred<Void> in
        let deferred = Deferred<Void>()
        reactor.callSoon { reactor.callSoon { deferred.callback() } }
        return deferred.addCallback { seen.withLock { $0.append("trigger") } }
      }
      _ = reactor.attached(Witness.self) { Witness { seen.withLock { $0.append("gone") } } }
    }
    await thread.stop()
    #expect(seen.withLock { $0 } == ["trigger", "gone"])
    #expect(thread.remote.isClosed)
  }

  @Test func `stop may be called again, by many, from anywhere: they all wait for the one end`() async {
    let thread = ReactorThread()
    let seen = Guarded(0)
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<20 {
        group.addTask(executorPreference: number % 2 == 0 ? thread.remote : nil) {
          await thread.stop()
          #expect(thread.remote.isClosed)
          seen.withLock { $0 += 1 }
        }
      }
    }
    #expect(seen.withLock { $0 } == 20)
    await thread.stop()
    thread.stopAndWait()
  }

  @Test func `stop from its own thread waits too, and continues on another`() async {
    let thread = ReactorThread()
    let remote = thread.remote
    let answers = await Task(executorPreference: remote) { @concurrent in
      let before = remote.isCurrent
      await thread.stop()
      return [before, remote.isCurrent, remote.isClosed]
    }.value
    #expect(answers == [true, false, true])
  }

  @Test func `a callback stops it by its reactor's stop, and ended tells`() async throws {
    let thread = ReactorThread()
    try await thread.run { $0.stop() }
    await thread.ended()
    #expect(thread.remote.isClosed)
    await thread.ended()
  }

  @Test func `stopAndJoin blocks until the reactor is released`() async throws {
    let thread = ReactorThread()
    let seen = Guarded(false)
    try await thread.run { reactor in
      _ = reactor.attached(Witness.self) { Witness { seen.withLock { $0 = true } } }
    }
    thread.stopAndWait()
    #expect(thread.remote.isClosed && seen.withLock { $0 })
    thread.stopAndWait()
  }

  @Test func `stopAndJoin from its own thread ends the program, and says what to call`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let thread = ReactorThread()
      thread.remote.callFromThread { thread.stopAndWait() }
      await thread.ended()
    }
    #expect(words(of: result).contains("a thread cannot wait for its own end: call reactor.stop()"))
  }

  @Test func `run after the stop fails`() async {
    let thread = ReactorThread()
    await thread.stop()
    await #expect(throws: ReactorReleasedError.self) { try await thread.run { _ in 1 } }
    await #expect(throws: ReactorReleasedError.self) { try await thread.run { _ in Deferred.succeed(1) } }
  }

  @Test func `run after the stop fails even where callbacks keep the reactor alive`() async throws {
    let thread = ReactorThread()
    try await thread.run { reactor in
      _ = reactor.callLater(.seconds(100_000)) { _ = reactor }
    }
    await thread.stop()
    #expect(thread.remote.isClosed)
    await #expect(throws: ReactorReleasedError.self) { try await thread.run { _ in 1 } }
    let isCurrent = await Task(executorPreference: thread.remote) { @concurrent in thread.remote.isCurrent }.value
    #expect(!isCurrent)
  }

  @Test func `one that is released ends by itself`() async throws {
    let (ends, end) = AsyncStream<Void>.makeStream()
    do {
      let thread = ReactorThread()
      try await thread.run { reactor in _ = reactor.attached(Witness.self) { Witness { end.finish() } } }
    }
    for await _ in ends {}
  }

  @Test func `one that is released at once ends by itself, with its descriptors`() async {
    // If they leaked, the process would run out of them.
    for _ in 0..<2000 {
      let remote = ReactorThread().remote
      do { while true { try await remote.run { _ in } } } catch { #expect(error is ReactorReleasedError) }
    }
  }

  @Test func `the shared one is always the same, and runs`() async throws {
    let place = try await ReactorThread.shared.run { _ in Place() }
    #expect(try await ReactorThread.shared.run { _ in Place() } == place)
    #expect(place.name == "swirl-shared")
  }

  /// In its own process, because other tests have descriptors and threads too.
  @Test func `threads that have ended leave neither a descriptor nor a thread`() async {
    await #expect(processExitsWith: .success) {
      func useSome() async throws {
        let group = ReactorGroup(count: 4)
        for thread in group.threads { _ = try await thread.run { _ in 1 } }
        await group.stop()
        for _ in 0..<4 {
          let thread = ReactorThread()
          _ = try await thread.run { _ in 1 }
          thread.stopAndWait()
        }
      }
      // A thread that has reported its end takes a moment to exit. The test's time limit ends one that stays.
      func untilTheyAreReleased() async {
        while Place.all.contains(where: { $0.hasPrefix("swirl-") }) { await Task.yield() }
      }
      // The first use creates everything that the process keeps.
      try await useSome()
      await untilTheyAreReleased()
      let before = openDescriptors()
      for _ in 0..<10 { try await useSome() }
      await untilTheyAreReleased()
      // Dispatch opens a few at any time; each of these reactors had at least two.
      precondition(openDescriptors() < before + 20, "\(openDescriptors()) descriptors, before \(before)")
    }
  }
}

extension ReactorThread {
  /// `stopAndJoin()` for async tests, which must not call that themselves.
  fileprivate func stopAndWait() { stopAndJoin() }
}

/// Reports its deinit.
private final class Witness {
  private let tell: () -> Void
  init(_ tell: @escaping () -> Void) { self.tell = tell }
  deinit { tell() }
}
