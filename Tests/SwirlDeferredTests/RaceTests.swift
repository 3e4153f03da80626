import SwirlDeferred
import Testing

@Suite(.reported) struct RaceTests {
  let log = Log()

  private func members(_ count: Int) -> [Deferred<Int>] {
    (0..<count).map { index in Deferred(canceller: { [log] _ in log("stop \(index)") }) }
  }

  @Test func theFirstSuccessWinsAndTheOthersAreCancelled() {
    let members = members(3)
    race(members).noteEnd("race", in: log)
    members[1].callback(5)
    withExtendedLifetime(members) {}
    #expect(log.lines == ["stop 0", "stop 2", "race=(index: 1, value: 5)"])
  }

  @Test func aMemberThatHasSucceededWinsAtOnce() {
    race([Deferred.succeed(1), Deferred.succeed(2)]).noteEnd("race", in: log)
    #expect(log.lines == ["race=(index: 0, value: 1)"])
  }

  @Test func losersAfterAMemberThatHasSucceededAreCancelledToo() {
    let members = members(4)
    members[1].callback(1)
    race(members).noteEnd("race", in: log)
    #expect(log.lines == ["stop 0", "stop 2", "stop 3", "race=(index: 1, value: 1)"])
    withExtendedLifetime(members) {}
  }

  @Test func aLoserIsCancelledOnce() {
    // Its callback returns another Deferred, which the race must not cancel any more.
    let other = Deferred<Int>(canceller: { [log] _ in log("other stopped") })
    let loser = Deferred<Int>()
    let members = [loser.addErrback { _ in other }, .succeed(1), Deferred<Int>()]
    race(members).noteEnd("race", in: log)
    #expect(log.lines == ["race=(index: 1, value: 1)"])
    #expect(!members[0].isFired)
  }

  @Test func aFailureDoesNotEndIt() {
    let members = members(2)
    race(members).noteEnd("race", in: log)
    members[0].errback(Boom())
    #expect(log.lines == [])
    members[1].callback(2)
    #expect(log.lines == ["race=(index: 1, value: 2)"])
    withExtendedLifetime(members) {}
  }

  @Test func whenAllFailItFailsWithAllErrorsInTheOrderOfTheList() {
    let members = members(3)
    let result = race(members)
    for index in [2, 0, 1] { members[index].errback(Boom("\(index)")) }
    result.addErrback { [log] error in
      log("\((error as! FailureGroup).errors)")
      log("\(error)")
      return (0, 0)
    }
    #expect(log.lines == ["[0, 1, 2]", "all failed: 0; 1; 2"])
    withExtendedLifetime(members) {}
  }

  @Test func withoutMembersItFailsAtOnce() {
    race([Deferred<Int>]()).noteEnd("race", in: log)
    #expect(log.lines == ["race!nothing took part in the race"])
  }

  @Test func cancellingItCancelsAll() {
    let members = members(2)
    let result = race(members)
    result.noteEnd("race", in: log)
    result.cancel()
    withExtendedLifetime(members) {}
    #expect(log.lines == ["stop 0", "stop 1", "race!all failed: CancellationError(); CancellationError()"])
  }

  @Test func aLoserThatSucceedsFromItsCancellerIsIgnored() {
    let winner = Deferred<Int>()
    let loser = Deferred<Int>(canceller: { $0.callback(9) })
    race([loser, winner]).noteEnd("race", in: log)
    winner.callback(1)
    #expect(log.lines == ["race=(index: 1, value: 1)"])
  }

  @Test func aMemberThatSucceedsFromItsCancellerWinsACancelledRace() {
    let stopping = Deferred<Int>(canceller: { $0.callback(9) })
    let result = race([Deferred<Int>(), stopping, Deferred<Int>()])
    result.noteEnd("race", in: log)
    result.cancel()
    #expect(log.lines == ["race=(index: 1, value: 9)"])
  }

  @Test func aLoserWhoseCancellerCancelsTheRaceChangesNothing() {
    var result: Deferred<(index: Int, value: Int)>?
    let loser = Deferred<Int>(canceller: { _ in result?.cancel() })
    let winner = Deferred<Int>()
    result = race([loser, winner])
    result?.noteEnd("race", in: log)
    winner.callback(1)
    result?.noteEnd("later", in: log)
    result = nil
    #expect(log.lines == ["race=(index: 1, value: 1)", "later=(index: 1, value: 1)"])
  }

  @Test func lateResultsOfLosersWithoutACancellerAreSilent() {
    let members = (0..<3).map { _ in Deferred<Int>() }
    race(members).noteEnd("race", in: log)
    members[0].callback(1)
    members[1].callback(2)
    members[2].errback(Boom())
    #expect(log.lines == ["race=(index: 0, value: 1)"])
    withExtendedLifetime(members) {}
  }

  @Test func theWinnerStaysUsable() {
    let winner = Deferred<Int>()
    race([winner, Deferred<Int>()]).noteEnd("race", in: log)
    winner.callback(1)
    winner.noteEnd("winner", in: log)
    #expect(log.lines == ["race=(index: 0, value: 1)", "winner=1"])
  }

  @Test func theSameDeferredMayTakePartTwice() {
    let d = Deferred<Int>()
    race([d, d]).noteEnd("race", in: log)
    d.callback(1)
    #expect(log.lines == ["race=(index: 0, value: 1)"])
  }
}
