import SwirlDeferred
import SwirlReactor
import Testing

/// Yields to the other runnable jobs of this actor.
@MainActor private func letOthersRun() async {
  for _ in 0..<5 { await Task.yield() }
}

@MainActor @Suite(.reported) struct AwaitTests {
  let log = Log()

  @Test func valueGivesASuccessThatIsThereAndOneThatComes() async throws {
    #expect(try await Deferred.succeed(1).value == 1)
    let d = Deferred<Int>()
    let task = Task { try await d.value }
    await letOthersRun()
    d.callback(2)
    #expect(try await task.value == 2)
  }

  @Test func valueThrowsAFailureAndHandlesIt() async {
    await #expect(throws: Boom()) { try await Deferred<Int>.fail(Boom()).value }
    let d = Deferred<Int>()
    let task = Task { try await d.value }
    await letOthersRun()
    d.errback(Boom("later"))
    await #expect(throws: Boom("later")) { try await task.value }
    #expect(Reports.takeWords() == [])
  }

  @Test func twoMayAwaitOneDeferred() async throws {
    let d = Deferred<Int>()
    let tasks = [Task { try await d.value }, Task { try await d.value }]
    await letOthersRun()
    d.callback(3)
    for task in tasks { #expect(try await task.value == 3) }
  }

  @Test func aPausedResultIsAwaitedUntilItIsReleased() async throws {
    let d = Deferred.succeed(4)
    d.pause()
    let task = Task { [log] in
      let value = try await d.value
      log("resumed")
      return value
    }
    await letOthersRun()
    #expect(log.lines == [])
    d.unpause()
    #expect(try await task.value == 4)
  }

  @Test func aTaskCancelledBeforeItAwaitsCancelsTheDeferred() async {
    let d = Deferred<Int>(canceller: { [log] _ in log("stopped") })
    let task = Task { try await d.value }
    task.cancel()
    await #expect(throws: CancelledError.self) { try await task.value }
    #expect(log.lines == ["stopped"])
  }

  @Test func aTaskCancelledWhileItAwaitsCancelsTheDeferred() async {
    let d = Deferred<Int>(canceller: { [log] _ in log("stopped") })
    let task = Task { try await d.value }
    await letOthersRun()
    task.cancel()
    await #expect(throws: CancelledError.self) { try await task.value }
    #expect(log.lines == ["stopped"])
  }

  @Test func aTaskCancelledAfterItsAwaitLeavesTheDeferredAlone() async throws {
    let d = Deferred<Int>(canceller: { [log] _ in log("stopped") })
    let task = Task { try await d.value }
    await letOthersRun()
    d.callback(5)
    task.cancel()
    #expect(try await task.value == 5)
    await letOthersRun()
    #expect(log.lines == [])
  }

  @Test func aCancelledAwaitGivesWhatTheCancellerMadeOfIt() async throws {
    let d = Deferred<Int>(canceller: { $0.callback(6) })
    let task = Task { try await d.value }
    await letOthersRun()
    task.cancel()
    #expect(try await task.value == 6)
  }

  @Test func aFiredDeferredIsAwaitedEvenInACancelledTask() async throws {
    let task = Task { try await Deferred.succeed(7).value }
    task.cancel()
    #expect(try await task.value == 7)
  }
}

@MainActor @Suite(.reported) struct CoroutineTests {
  let log = Log()

  @Test func aBodyThatNeverSuspendsHasItsResultAtOnce() {
    let success = Deferred { 1 }
    #expect(success.isFired)
    success.noteEnd("success", in: log)
    let failure = Deferred<Int> { throw Boom() }
    failure.noteEnd("failure", in: log)
    #expect(log.lines == ["success=1", "failure!boom"])
  }

  @Test func firedDeferredsAreConsumedWithoutSuspending() {
    let sum = Deferred {
      var sum = 0
      for number in 0..<1000 { sum += try await Deferred.succeed(number).value }
      return sum
    }
    sum.noteEnd("sum", in: log)
    #expect(log.lines == ["sum=499500"])
  }

  @Test func theBodyRunsAtOnceUpToItsFirstSuspensionAndContinuesOnTheSameActor() async throws {
    let gate = Deferred<Int>()
    let d = Deferred { [log] in
      log("begins")
      let value = try await gate.value
      MainActor.assertIsolated()
      log("goes on")
      return value
    }
    #expect(log.lines == ["begins"] && !d.isFired)
    gate.callback(8)
    #expect(try await d.value == 8)
    #expect(log.lines == ["begins", "goes on"])
  }

  @Test func cancellingCancelsWhatIsAwaited() async {
    let gate = Deferred<Int>(canceller: { [log] _ in log("gate stopped") })
    let d = Deferred { try await gate.value }
    d.cancel()
    await #expect(throws: CancelledError.self) { try await d.value }
    #expect(log.lines == ["gate stopped"])
  }

  @Test func aBodyThatSwallowsTheCancellationGivesItsValueAndMayBeCancelledAgain() async throws {
    let first = Deferred<Int>()
    let second = Deferred<Int>()
    let d = Deferred { [log] in
      do { _ = try await first.value } catch { log("first \(error)") }
      do { _ = try await second.value } catch { log("second \(error)") }
      return "done"
    }
    d.cancel()
    await letOthersRun()
    d.cancel()
    #expect(try await d.value == "done")
    #expect(log.lines == ["first CancellationError()", "second CancellationError()"])
  }

  @Test func cancellingAListOfBodiesWaitsForWhatTheyMakeOfIt() async throws {
    let gates = [Deferred<Int>(), Deferred<Int>()]
    let list = DeferredList(
      gates.map { gate in
        Deferred {
          do { return try await gate.value } catch { return -1 }
        }
      })
    list.cancel()
    #expect(!list.isFired)
    #expect(try await list.value.map { try $0.get() } == [-1, -1])
  }

  @Test func aBodyThatIsDoneLeavesNothing() async throws {
    let census = Census()
    weak var observed: Deferred<Int>?
    do {
      let citizen = census.newCitizen()
      let gate = Deferred<Int>()
      let d = Deferred {
        citizen.touch()
        return try await gate.value
      }
      observed = d
      gate.callback(1)
      #expect(try await d.value == 1)
    }
    await letOthersRun()
    #expect(observed == nil && census.alive == 0)
  }

  @Test func anUnseenFailureOfABodyIsReported() async {
    do { _ = Deferred<Int> { throw Boom("body") } }
    await letOthersRun()
    #expect(Reports.takeWords() == ["body"])
  }
}

@Suite(.reported) struct AwaitOnAnActorTests {
  actor Worker {
    private var pending: Deferred<Int>?

    func begin() async throws -> Int {
      let d = Deferred<Int>()
      pending = d
      return try await d.value
    }
    func body() async throws -> Int {
      let d = Deferred<Int>()
      pending = d
      return try await Deferred { try await d.value + 1 }.value
    }
    var isWaiting: Bool { pending != nil }
    func finish(_ value: Int) {
      pending?.callback(value)
      pending = nil
    }
  }

  @Test func valueAndBodiesWorkOnAnActor() async throws {
    let worker = Worker()
    async let value = worker.begin()
    while await !worker.isWaiting { await Task.yield() }
    await worker.finish(1)
    #expect(try await value == 1)
    async let body = worker.body()
    while await !worker.isWaiting { await Task.yield() }
    await worker.finish(1)
    #expect(try await body == 2)
  }

  @Test func aTaskCancelledFromElsewhereCancelsOnTheActor() async {
    let worker = Worker()
    for _ in 0..<200 {
      let task = Task { try await worker.begin() }
      task.cancel()
      await #expect(throws: CancelledError.self) { try await task.value }
    }
  }

  @Test func aTaskWithoutAnActorMayBeCancelledAtAnyMoment() async {
    for _ in 0..<200 {
      let task = Task.detached { try await Deferred<Int>().value }
      task.cancel()
      await #expect(throws: CancelledError.self) { try await task.value }
    }
  }

  /// Without an actor, on its own thread.
  private static func stray<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async -> Bool {
    let deferred = Deferred(isolation: nil, body)
    return deferred.isFired
  }

  @Test func aBodyThatHasNowhereToComeBackToRunsAtOnceOrIsRefused() async {
    #expect(await Self.stray { 1 })
    await #expect(processExitsWith: .failure) {
      // It traps at any await: it would resume, and fire, on a thread of the global pool.
      _ = await Self.stray { try await Task.sleep(for: .seconds(3600)) }
    }
  }

  /// Whether this is the thread of a running reactor.
  private static func isHome() -> Bool { Reactor.running != nil }

  /// A nonisolated function, like a protocol's methods.
  private static func body(of reactor: Reactor) -> Deferred<[Bool]> {
    let isHomeWhenFired = Deferred {
      let first = isHome()
      try await Reactor.current.sleep(.zero).value
      let second = isHome()
      // It returns to its thread, independent of the thread that resumes it.
      await Task.detached {}.value
      return [first, second, isHome()]
    }
    return isHomeWhenFired.addCallback { $0 + [isHome()] }
  }

  @Test func aBodyWithoutAnActorStaysOnTheThreadOfItsReactor() async throws {
    let thread = ReactorThread()
    #expect(try await thread.run { Self.body(of: $0) } == [true, true, true, true])
    await thread.stop()
  }
}
