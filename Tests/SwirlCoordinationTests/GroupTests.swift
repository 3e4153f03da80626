import SwirlCoordination
import SwirlDeferred
import SwirlTesting
import Testing

@testable import SwirlReactor

@Suite(.failsOnUnhandledFailures) struct GroupTests {
  struct Trouble: Error {}

  @Test func `a group is joined when its members have ended, and counts those that failed`() throws {
    let group = DeferredGroup()
    let members = (0..<3).map { _ in group.add(Deferred<Int>()) }
    let join = group.join()
    #expect(group.count == 3)
    members[0].callback(1)
    members[1].errback(Trouble())
    #expect(!join.isFired)
    members[2].callback(2)
    try successResult(of: join)
    #expect(group.failures == 1 && group.count == 0)
  }

  @Test func `cancelling it cancels all that run, and what is added later`() throws {
    let group = DeferredGroup()
    var cancelled: [Int] = []
    let slow = Deferred<Int>(canceller: { _ in cancelled.append(0) })
    group.add(slow)
    for number in 1...3 { group.add(Deferred<Int>(canceller: { _ in cancelled.append(number) })) }
    group.cancel()
    #expect(cancelled == [0, 1, 2, 3])
    group.add(Deferred<Int>(canceller: { _ in cancelled.append(4) }))
    #expect(cancelled.last == 4)
    try successResult(of: group.join())
    #expect(group.failures == 0)
  }

  @Test func `a reactor that is stopped cancels its group, and waits until all have ended`() {
    let reactor = Reactor()
    let group = DeferredGroup(cancelledBy: reactor)
    var log: [String] = []
    // It ends some time after it was cancelled.
    let slow = Deferred<Void>(canceller: { deferred in
      log.append("told")
      reactor.callLater(.milliseconds(20)) {
        log.append("ended")
        deferred.callback()
      }
    })
    group.add(slow.addBoth { _ in })
    group.add(reactor.sleep(.seconds(1000)))
    reactor.callSoon { reactor.stop() }
    reactor.run()
    #expect(log.first == "told")
    #expect(group.isCancelled && group.count == 0)
  }

  @Test(arguments: [WaitCondition.firstCompleted, .firstFailed, .all])
  func `waiting ends with the first, the first failure or all, and tells who is done`(_ condition: WaitCondition) throws
  {
    let members = (0..<3).map { _ in Deferred<Int>() }
    let waiting = wait(for: members, until: condition)
    members[1].callback(1)
    #expect(waiting.isFired == (condition == .firstCompleted))
    members[2].errback(Trouble())
    #expect(waiting.isFired == (condition != .all))
    members[0].callback(0)
    let result = try successResult(of: waiting)
    #expect(
      result.done.map { done in members.firstIndex { $0 === done } }
        == (condition == .all ? [0, 1, 2] : condition == .firstFailed ? [1, 2] : [1]))
    #expect(result.done.count + result.pending.count == 3)
    #expect(try successResult(of: wait(for: [Deferred<Int>]())).done.isEmpty)
  }

  @Test func `no more run at a time than allowed, and the values come in the order of the items`() throws {
    var running: [Int: Deferred<Int>] = [:]
    var most = 0
    let all = gatherResults(0..<20, atMost: 7) { number -> Deferred<Int> in
      let work = Deferred<Int>()
      running[number] = work
      most = max(most, running.count)
      return work.addBoth { result in
        running[number] = nil
        return try result.get()
      }
    }
    var random = SeededGenerator(seed: 3)
    while let (number, work) = running.randomElement(using: &random) { work.callback(number * number) }
    #expect(try successResult(of: all) == (0..<20).map { $0 * $0 })
    #expect(most == 7)
  }

  @Test func `the first failure cancels what runs and starts no more`() throws {
    var started = 0
    var cancelled: [Int] = []
    var first: Deferred<Int>?
    let all = gatherResults(0..<20, atMost: 3) { number -> Deferred<Int> in
      started += 1
      let work = Deferred<Int>(canceller: { _ in cancelled.append(number) })
      if number == 1 { first = work }
      return work
    }
    first?.errback(Trouble())
    let error = try failureResult(of: all, as: FirstError.self)
    #expect(error.index == 1 && error.error is Trouble)
    #expect(started == 3 && cancelled == [0, 2])
  }

  @Test func `all results are gathered, failures among them, and 100,000 that end at once do not grow the stack`()
    throws
  {
    let all = gatherSettled(0..<100_000, atMost: 5) { number -> Deferred<Int> in
      if number % 3 == 0 { throw Trouble() }
      return .succeed(number)
    }
    let results = try successResult(of: all)
    #expect(results.count == 100_000)
    #expect(
      results.enumerated().allSatisfy { index, result in (try? result.get()) == (index % 3 == 0 ? nil : index) }
        == true)
    #expect(try successResult(of: gatherSettled([Int](), atMost: 1) { .succeed($0) }).isEmpty)
  }

  @Test func `cancelling it cancels what runs`() throws {
    var cancelled = 0
    let all = gatherSettled(0..<20, atMost: 4) { _ in Deferred<Int>(canceller: { _ in cancelled += 1 }) }
    all.cancel()
    try failureResult(of: all, as: CancelledError.self)
    #expect(cancelled == 4)
  }

  @Test func `what fails is tried again, after pauses that grow, while its failure may pass`() throws {
    let clock = TestClock()
    var calls = 0
    let third = retry(Backoff(attempts: 3, firstDelay: .seconds(1)), clock: clock) { () -> Deferred<Int> in
      calls += 1
      return calls < 3 ? .fail(Trouble()) : .succeed(calls)
    }
    #expect(calls == 1)
    clock.pump([.seconds(1), .seconds(2)])
    #expect(try successResult(of: third) == 3)
    calls = 0
    let never = retry(Backoff(attempts: 4), clock: clock) { () -> Deferred<Int> in
      calls += 1
      throw Trouble()
    }
    clock.pump(Array(repeating: .seconds(20), count: 4))
    try failureResult(of: never, as: Trouble.self)
    #expect(calls == 4)
    let hopeless = retry(clock: clock, where: { !($0 is Trouble) }) { Deferred<Int>.fail(Trouble()) }
    try failureResult(of: hopeless, as: Trouble.self)
    let cancelled = retry(clock: clock) { Deferred<Int>.fail(Trouble()) }
    cancelled.cancel()
    try failureResult(of: cancelled, as: CancelledError.self)
    #expect(clock.delayedCalls.isEmpty)
  }

  @Test func `one that is started while the gathering is cancelled is cancelled too`() throws {
    var all: Deferred<[Int]>?
    var cancelled: [Int] = []
    let first = Deferred<Int>()
    all = gatherResults(0..<3, atMost: 1) { number -> Deferred<Int> in
      if number == 0 { return first }
      all?.cancel()
      return Deferred(canceller: { _ in cancelled.append(number) })
    }
    first.callback(0)
    #expect(cancelled == [1])
    try failureResult(of: #require(all), as: CancelledError.self)
    all = nil
  }

  @Test func `a sequence may end the gathering that takes from it`() throws {
    var all: Deferred<[Int]>?
    let first = Deferred<Int>()
    let items = sequence(first: 0) { number in
      if number == 0 { all?.cancel() }
      return number + 1
    }
    all = gatherResults(items, atMost: 1) { $0 == 0 ? first : Deferred<Int>() }
    first.callback(0)
    try failureResult(of: #require(all), as: CancelledError.self)
    all = nil
  }

  @Test func `a member that cancels the gathering when it is cancelled itself does not fire it twice`() throws {
    var all: Deferred<[Int]>?
    let first = Deferred<Int>()
    let seen = reports {
      let second = Deferred<Int>(canceller: { _ in all?.cancel() })
      let both = gatherResults([first, second], atMost: 2) { $0 }
      all = both
      both.addErrback { _ in [] }
      first.errback(Trouble())
    }
    #expect(seen.isEmpty)
    all = nil
  }

  @Test func `a wait for several retains no member that is never fired`() throws {
    weak var pending: Deferred<Int>?
    do {
      let (first, never) = (Deferred<Int>(), Deferred<Int>())
      pending = never
      let waiting = wait(for: [first, never], until: .firstCompleted)
      first.callback(1)
      let result = try successResult(of: waiting)
      #expect(result.done.first === first && result.pending.first === never)
    }
    #expect(pending == nil)
    do {
      let never = Deferred<Int>()
      pending = never
      wait(for: [never]).addBoth { _ in }
    }
    #expect(pending == nil)
  }

  @Test func `a released group leaves nothing with the reactor`() {
    let reactor = Reactor()
    for _ in 0..<10 { _ = DeferredGroup(cancelledBy: reactor) }
    #expect(reactor.triggers[.shutdown, default: []].isEmpty)
  }
}
