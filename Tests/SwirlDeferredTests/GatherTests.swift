import SwirlDeferred
import Testing

@Suite(.reported) struct GatherTests {
  let log = Log()

  @Test func gatherResultsGivesTheValuesInTheOrderOfTheList() {
    let members = (0..<3).map { _ in Deferred<Int>() }
    gatherResults(members).noteEnd("all", in: log)
    for index in [2, 0, 1] { members[index].callback(index) }
    #expect(log.lines == ["all=[0, 1, 2]"])
    gatherResults([Deferred<Int>]()).noteEnd("none", in: log)
    gatherResults([Deferred.succeed(1)]).noteEnd("fired", in: log)
    #expect(log.lines == ["all=[0, 1, 2]", "none=[]", "fired=[1]"])
    withExtendedLifetime(members) {}
  }

  @Test func gatherResultsFailsWithTheFirstAndSilencesTheRest() {
    let members = (0..<3).map { index in Deferred<Int>(canceller: { [log] _ in log("stop \(index)") }) }
    gatherResults(members).noteEnd("all", in: log)
    members[1].errback(Boom("one"))
    #expect(log.take() == ["all!member 1 of the list failed: one"])
    members[0].errback(Boom("zero"))
    members[2].callback(2)
    #expect(log.lines == [])
    withExtendedLifetime(members) {}
  }

  @Test func cancellingAGatherCancelsAllMembers() {
    let members = (0..<2).map { index in Deferred<Int>(canceller: { [log] _ in log("stop \(index)") }) }
    let all = gatherResults(members)
    all.noteEnd("all", in: log)
    all.cancel()
    withExtendedLifetime(members) {}
    #expect(log.take() == ["stop 0", "all!member 0 of the list failed: CancellationError()", "stop 1"])
    let pair = gather(Deferred<Int>(), Deferred<String>())
    pair.noteEnd("pair", in: log)
    pair.cancel()
    #expect(log.lines == ["pair!CancellationError()"])
  }

  @Test func gatherTakesTwoToFiveOfDifferentTypes() {
    let a = Deferred<Int>()
    let b = Deferred<String>()
    let c = Deferred<Bool>()
    let d = Deferred<[Int]>()
    let e = Deferred<Double>()
    gather(a, b).noteEnd("2", in: log)
    gather(a, b, c).noteEnd("3", in: log)
    gather(a, b, c, d).noteEnd("4", in: log)
    gather(a, b, c, d, e).noteEnd("5", in: log)
    e.callback(0.5)
    d.callback([4])
    c.callback(true)
    #expect(log.lines == [])
    b.callback("b")
    a.callback(1)
    #expect(
      log.lines == [
        #"2=(1, "b")"#, #"3=(1, "b", true)"#, #"4=(1, "b", true, [4])"#, #"5=(1, "b", true, [4], 0.5)"#,
      ])
  }

  @Test func gatherFailsWithTheMembersOwnError() {
    let a = Deferred<Int>()
    let b = Deferred<String>()
    gather(a, b).noteEnd("pair", in: log)
    b.errback(Boom("b"))
    #expect(log.lines == ["pair!b"])
    a.errback(Boom("a"))
    #expect(log.lines == ["pair!b"])
  }

  @Test func anUnseenFailureOfAGatherIsReportedOnce() {
    let a = Deferred<Int>()
    do { _ = gather(a, Deferred.succeed(1)) }
    a.errback(Boom("a"))
    #expect(Reports.takeWords() == ["a"])
  }
}
