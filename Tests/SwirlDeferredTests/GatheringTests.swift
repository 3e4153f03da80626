import SwirlDeferred
import Testing

/// The common behaviour of lists, gathers and races.
@Suite(.reported) struct GatheringTests {
  let log = Log()

  @Test func aGatheringWithoutAnOwnerStillFires() {
    let d = Deferred<Int>()
    DeferredList([d]).noteEnd("list", in: log)
    gather(d, d).noteEnd("gather", in: log)
    race([d]).noteEnd("race", in: log)
    d.callback(1)
    #expect(log.lines.count == 3)
  }

  @Test func membersAndGatheringsThatAreAbandonedLeaveNothing() {
    let census = Census()
    weak var member: Deferred<Int>?
    weak var gathering: AnyDeferred?
    let makers: [([Deferred<Int>]) -> AnyDeferred] = [
      { DeferredList($0) }, { gatherResults($0) }, { race($0) }, { gather($0[0], $0[1]) },
    ]
    for make in makers {
      do {
        let citizen = census.newCitizen()
        let members = (0..<2).map { _ in Deferred<Int>(canceller: { _ in citizen.touch() }) }
        member = members[0]
        gathering = make(members)
        #expect(gathering != nil)
        withExtendedLifetime(members) {}
      }
      #expect(member == nil && gathering == nil && census.alive == 0)
    }
  }

  @Test func cancellingWhenAllMembersWereReleasedFailsAtOnce() {
    let list = DeferredList([Deferred<Int>(), Deferred<Int>()])
    list.noteEnd("list", in: log)
    list.cancel()
    #expect(log.lines == ["list!CancellationError()"])
  }

  @Test func cancellingSkipsMembersThatHaveFiredOrWereReleased() {
    let fired = Deferred.succeed(1)
    let waiting = Deferred<Int>(canceller: { [log] _ in log("stopped") })
    let list = DeferredList([fired, Deferred<Int>(), waiting], consumeErrors: true)
    list.noteEnd("list", in: log)
    list.cancel()
    #expect(log.lines == ["stopped", "list!CancellationError()"])
  }

  @Test func aCancelledListWaitsForAMemberThatTakesItsTime() {
    let slow = Deferred<Int>()
    slow.pause()
    let list = DeferredList([slow, Deferred<Int>.succeed(2)], consumeErrors: true)
    list.addCallback { [log] in log("\($0.map { (try? $0.get()) ?? -1 })") }
    list.cancel()
    list.cancel()
    #expect(log.lines == [])
    slow.unpause()
    #expect(log.lines == ["[-1, 2]"])
  }

  @Test func aListCancelledFromTheCallbackOfAMemberFiresWithItsResult() {
    let d = Deferred<Int>()
    var list: DeferredList<Int, [Result<Int, any Error>]>?
    let member = d.addCallback {
      list?.cancel()
      return $0
    }
    list = DeferredList([member])
    list?.addCallback { [log] in log("\($0.count)") }
    d.callback(1)
    list = nil
    #expect(log.lines == ["1"])
  }

  @Test func aFanInOfAHundredThousandIsLinear() {
    let members = (0..<100_000).map { _ in Deferred<Int>() }
    var sum = 0
    gatherResults(members).addCallback { sum = $0.reduce(0, +) }
    for (index, member) in members.enumerated() { member.callback(index) }
    #expect(sum == 100_000 * 99_999 / 2)
    var failures = 0
    let list = DeferredList((0..<100_000).map { _ in Deferred<Int>() }, consumeErrors: true)
    list.addErrback { _ in [] }.addCallback { failures = $0.count }
    list.cancel()
    #expect(failures == 0)
    let one = Deferred<Int>()
    gatherResults(Array(repeating: one, count: 100_000)).addCallback { sum = $0.count }
    one.callback(1)
    #expect(sum == 100_000)
  }
}
