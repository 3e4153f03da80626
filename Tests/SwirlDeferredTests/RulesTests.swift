import SwirlDeferred
import Testing

/// The ten rules from which everything else follows.
@Suite(.reported) struct RulesTests {
  let log = Log()

  @Test func itFiresOnceAndASecondFiringIsReportedAndIgnored() {
    let d = Deferred<Int>()
    d.noteEnd("d", in: log)
    d.callback(1)
    d.callback(2)
    #expect(Reports.takeWords() == ["fired twice"])
    d.errback(Boom())
    #expect(Reports.takeWords() == ["fired twice"])
    d.noteEnd("later", in: log)
    #expect(log.lines == ["d=1", "later=1"])
  }

  @Test func callbacksRunSynchronouslyInTheOrderAddedAndAtOnceOnAFiredStage() {
    let d = Deferred<Int>()
    for name in ["a", "b", "c"] { d.addCallback { [log] in log("\(name)\($0)") } }
    #expect(log.lines == [])
    d.callback(1)
    #expect(log.lines == ["a1", "b1", "c1"])
    d.addCallback { [log] in log("d\($0)") }
    #expect(log.lines == ["a1", "b1", "c1", "d1"])
  }

  @Test func whatACallbackReturnsIsASuccessAndWhatItThrowsAFailure() {
    Deferred.succeed(1)
      .addCallback { "\($0)!" }.noting("returned", in: log)
      .addCallback { (_: String) throws -> Int in throw Boom("one") }.noting("thrown", in: log)
      .addErrback { _ in 2 }.noting("recovered", in: log)
      .addErrback { _ in 3 }.noteEnd("passed by", in: log)
    #expect(log.lines == ["returned=1!", "thrown!one", "recovered=2", "passed by=2"])
  }

  @Test func aReturnedDeferredPausesTheChainUntilItFires() {
    let d = Deferred<Int>()
    let inner = Deferred<String>()
    let stage = d.addCallback { _ in inner }
    stage.noteEnd("outer", in: log)
    d.callback(1)
    #expect(log.lines == [] && !stage.isFired)
    inner.callback("x")
    #expect(log.lines == ["outer=x"] && stage.isFired)
  }

  @Test func twoCallbacksOnOneStageEachSeeItsOwnResult() {
    let d = Deferred<Int>()
    d.addCallback { $0 * 10 }.noteEnd("first", in: log)
    d.addCallback { $0 + 1 }.noteEnd("second", in: log)
    d.callback(1)
    #expect(log.lines == ["first=10", "second=2"])
  }

  @Test func cancelReachesWhatTheStageWaitsFor() {
    let source = Deferred<Int>(canceller: { [log] _ in log("source stopped") })
    source.addCallback { $0 }.addCallback { $0 }.noting("end", in: log).addErrback { _ in 0 }.cancel()
    #expect(log.take() == ["source stopped", "end!CancellationError()"])

    let inner = Deferred<Int>(canceller: { [log] _ in log("inner stopped") })
    let waiting = Deferred.succeed(1).addCallback { _ in inner }
    waiting.noteEnd("waiting", in: log)
    waiting.cancel()
    #expect(log.take() == ["inner stopped", "waiting!CancellationError()"])

    let bare = Deferred<Int>()
    bare.noteEnd("bare", in: log)
    bare.cancel()
    bare.callback(1)
    #expect(Reports.takeWords() == [])
    bare.callback(2)
    #expect(Reports.takeWords() == ["fired twice"])
    bare.cancel()
    #expect(log.take() == ["bare!CancellationError()"])
  }

  @Test func aTimeoutCancelsAndTurnsTheCancellationIntoATimeoutError() {
    let clock = HandClock()
    let d = Deferred<Int>(canceller: { [log] _ in log("stopped") })
    d.addTimeout(.seconds(2), clock: clock).noteEnd("d", in: log)
    clock.advance(by: .milliseconds(1999))
    #expect(log.lines == [])
    clock.advance(by: .milliseconds(1))
    #expect(log.lines == ["stopped", "d!the operation did not end within 2.0 seconds"])
  }

  @Test func anUnhandledFailureIsReportedOnceWhenItsLastReferenceIsReleased() {
    var d: Deferred<Int>? = Deferred()
    d?.addCallback { $0 + 1 }
    d?.addCallback { $0 + 2 }.addCallback { $0 + 3 }
    d?.errback(Boom("lost"))
    #expect(Reports.takeWords() == [])
    d = nil
    #expect(Reports.takeWords() == ["lost"])
  }

  @Test func listsKeepTheOrderOfTheirMembersAndCancelThem() {
    let members = (0..<3).map { index in Deferred<Int>(canceller: { [log] _ in log("stop \(index)") }) }
    let list = DeferredList(members, consumeErrors: true)
    list.addCallback { [log] in log("\($0.map { (try? $0.get()) ?? -1 })") }
    members[2].callback(2)
    members[0].callback(0)
    list.cancel()
    withExtendedLifetime(members) {}
    #expect(log.take() == ["stop 1", "[0, -1, 2]"])
    DeferredList([Deferred<Int>]()).addCallback { [log] in log("empty \($0.count)") }
    #expect(log.lines == ["empty 0"])
  }
}

/// The tenth rule, in a separate suite, because it needs an actor.
@MainActor @Suite(.reported) struct AwaitingRuleTests {
  @Test func valueAwaitsAndACancelledTaskCancelsTheDeferred() async throws {
    let log = Log()
    let d = Deferred<Int>(canceller: { _ in log("stopped") })
    let outer = Deferred {
      log("runs at once")
      return try await d.value
    }
    #expect(log.take() == ["runs at once"])
    outer.cancel()
    await #expect(throws: CancelledError.self) { try await outer.value }
    #expect(log.lines == ["stopped"])
  }

  @Test func aValueThatIsNilIsASuccess() {
    let log = Log()
    let none: Int? = nil
    let d = Deferred<Int?>()
    d.callback(none)
    #expect(d.isFired)
    let any = Deferred<Any>()
    any.callback(none as Any)
    let stage = Deferred<Int>.succeed(1).addCallback { _ in none }
    for (name, maybe) in [("fired", d), ("succeeded", .succeed(none)), ("returned", stage)] {
      maybe.addCallback { [log] in log("\(name) \($0 == nil)") }.addErrback { [log] in log("\(name) \($0)") }
    }
    any.addCallback { [log] in log("any \(($0 as? Int) == nil)") }
    #expect(log.lines == ["fired true", "succeeded true", "returned true", "any true"])
  }
}
