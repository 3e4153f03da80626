import SwirlDeferred
import Testing

@MainActor @Suite(.reported) struct AsCompletedTests {
  let log = Log()

  /// Yields to the other runnable jobs of this actor.
  private func letOthersRun() async {
    for _ in 0..<5 { await Task.yield() }
  }

  @Test func `results come in the order of completion, failures among them`() async throws {
    let all = (0..<3).map { _ in Deferred<Int>() }
    let task = Task { [log] in
      for try await result in asCompleted(all) {
        switch result {
        case .success(let value): log("\(value)")
        case .failure(let error): log("\(error)")
        }
      }
    }
    await letOthersRun()
    all[2].callback(2)
    await letOthersRun()
    #expect(log.lines == ["2"])
    all[0].errback(Boom("zero"))
    all[1].callback(1)
    try await task.value
    #expect(log.lines == ["2", "zero", "1"])
    // On a busy machine the hint after three seconds may come.
    #expect(Reports.takeWords().filter { $0 != "abandoned" } == [])
  }

  @Test func `what has come already is taken at once, and nothing is an empty loop`() async throws {
    var seen: [Int] = []
    for try await result in asCompleted([1, 2, 3].map { Deferred.succeed($0) }) { seen.append(try result.get()) }
    for try await _ in asCompleted([Deferred<Int>]()) { seen.append(0) }
    #expect(seen == [1, 2, 3])
  }

  @Test func `no more than the limit run or wait to be taken`() async throws {
    var started: [Deferred<Int>] = []
    var seen: [Int] = []
    let task = Task {
      for try await result in asCompleted(
        0..<10, atMost: 3,
        { _ in
          started.append(Deferred())
          return started.last!
        })
      { seen.append(try result.get()) }
    }
    await letOthersRun()
    #expect(started.count == 3)
    for number in 0..<10 {
      started[number].callback(number)
      await letOthersRun()
      #expect(started.count == min(10, number + 4))
    }
    try await task.value
    #expect(seen == Array(0..<10))
  }

  @Test func `a million that are there already use no stack`() async throws {
    var count = 0
    for try await _ in asCompleted(0..<1_000_000, atMost: 5, { Deferred.succeed($0) }) { count += 1 }
    #expect(count == 1_000_000)
  }

  @Test func `a result that was taken is released, by a loop that is always behind, too`() async throws {
    let census = Census()
    var most = 0
    for try await result in asCompleted(0..<1000, atMost: 5, { _ in Deferred.succeed(census.newCitizen()) }) {
      try result.get().touch()
      most = max(most, census.alive)
    }
    #expect(most <= 6 && census.alive == 0)
  }

  @Test func `a start that throws is a failure`() async throws {
    for try await result in asCompleted([1], atMost: 1, { _ -> Deferred<Int> in throw Boom() }) {
      #expect(throws: Boom()) { try result.get() }
    }
  }

  @Test func `leaving the loop cancels what is left, and starts no more`() async throws {
    var started = 0
    for try await result in asCompleted(
      0..<10, atMost: 3,
      { [log] number -> Deferred<Int> in
        started += 1
        return number == 0 ? .succeed(0) : Deferred(canceller: { _ in log("\(number) cancelled") })
      })
    {
      #expect(try result.get() == 0)
      break
    }
    #expect(log.lines == ["1 cancelled", "2 cancelled"])
    #expect(started == 3)
  }

  @Test func `a cancelled task cancels what runs, once`() async throws {
    let task = Task { [log] in
      for try await _ in asCompleted(
        0..<10, atMost: 2,
        { number in
          Deferred<Int>(canceller: { _ in log("\(number) cancelled") })
        })
      { log("an element") }
    }
    await letOthersRun()
    task.cancel()
    await #expect(throws: CancelledError.self) { try await task.value }
    #expect(log.lines == ["0 cancelled", "1 cancelled"])
  }
}
