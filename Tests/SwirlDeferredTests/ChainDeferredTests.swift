import SwirlDeferred
import Testing

@Suite(.reported) struct ChainDeferredTests {
  let log = Log()

  @Test func theTargetFiresWithTheResult() {
    for result in [.success(1), .failure(Boom())] as [Result<Int, any Error>] {
      let d = Deferred<Int>()
      let target = Deferred<Int>()
      target.noteEnd("target", in: log)
      d.chainDeferred(target)
      d.fire(with: result)
    }
    #expect(log.lines == ["target=1", "target!boom"])
  }

  @Test func theSourceOfTheLinkKeepsItsOwnResult() {
    let d = Deferred<Int>()
    let target = Deferred<Int>()
    d.chainDeferred(target)
    target.addCallback { $0 + 1 }.noteEnd("target", in: log)
    d.noteEnd("d", in: log)
    d.callback(1)
    #expect(log.lines == ["target=2", "d=1"])
  }

  @Test func aTargetThatHasFiredIsReportedAndTheChainContinues() {
    let d = Deferred<Int>()
    d.chainDeferred(Deferred.succeed(0))
    d.noteEnd("d", in: log)
    d.callback(1)
    #expect(Reports.takeWords() == ["fired twice"])
    #expect(log.lines == ["d=1"])
  }

  @Test func aCancelledTargetSwallowsOneLateResultWhateverItIs() {
    for result in [.success(1), .failure(Boom())] as [Result<Int, any Error>] {
      let d = Deferred<Int>()
      let target = Deferred<Int>()
      target.addErrback { _ in 0 }
      d.chainDeferred(target)
      target.cancel()
      d.fire(with: result)
    }
    #expect(Reports.takeWords() == [])
  }

  @Test func cancellingTheSourceReachesTheTarget() {
    let d = Deferred<Int>()
    let target = Deferred<Int>()
    target.noteEnd("target", in: log)
    d.chainDeferred(target)
    d.cancel()
    #expect(log.lines == ["target!CancellationError()"])
  }

  @Test func theTargetIsReleasedWhenItHasFired() {
    let d = Deferred<Int>()
    weak var target: Deferred<Int>?
    do {
      let made = Deferred<Int>()
      target = made
      d.chainDeferred(made)
    }
    #expect(target != nil)
    d.callback(1)
    #expect(target == nil)
  }
}
