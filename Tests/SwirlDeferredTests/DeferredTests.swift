import SwirlDeferred
import Testing

@Suite(.reported) struct DeferredTests {
  let log = Log()

  @Test func aSucceededOneRunsItsCallbacksAtOnce() {
    let d = Deferred.succeed(3)
    #expect(d.isFired)
    d.noteEnd("d", in: log)
    #expect(log.lines == ["d=3"])
    d.callback(4)
    #expect(Reports.takeWords() == ["fired twice"])
  }

  @Test func aFailedOneRunsItsErrbacksAtOnce() {
    let d = Deferred<Int>.fail(Boom())
    #expect(d.isFired)
    d.noteEnd("d", in: log)
    d.errback(Boom("again"))
    #expect(log.lines == ["d!boom"])
    #expect(Reports.takeWords() == ["fired twice"])
  }

  @Test func fireWithTakesAResult() {
    for result in [.success(1), .failure(Boom())] as [Result<Int, any Error>] {
      let d = Deferred<Int>()
      d.noteEnd("d", in: log)
      d.fire(with: result)
    }
    #expect(log.lines == ["d=1", "d!boom"])
  }

  @Test func oneWithoutAValueFiresWithoutAnArgument() {
    let d = Deferred<Void>()
    d.addCallback { [log] in log("fired") }
    d.callback()
    Deferred.succeed().addCallback { [log] in log("succeeded") }
    #expect(log.lines == ["fired", "succeeded"])
  }

  @Test func aDeferredMayCarryADeferredAsItsValue() {
    let carried = Deferred<Int>()
    let d = Deferred<Deferred<Int>>()
    d.addCallback { $0 }.noteEnd("d", in: log)
    d.callback(carried)
    #expect(log.lines == [])
    carried.callback(1)
    #expect(log.lines == ["d=1"])
  }
}
