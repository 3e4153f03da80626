import SwirlDeferred
import Testing

@Suite(.reported) struct MaybeDeferredTests {
  let log = Log()

  @Test func aReturnedValueIsTheSuccess() {
    maybeDeferred { 3 }.noteEnd("value", in: log)
    #expect(log.lines == ["value=3"])
  }

  @Test func aThrownErrorIsTheFailure() {
    maybeDeferred { () throws -> Int in throw Boom() }.noteEnd("value", in: log)
    maybeDeferred { () throws -> Deferred<Int> in throw Boom() }.noteEnd("deferred", in: log)
    #expect(log.lines == ["value!boom", "deferred!boom"])
  }

  @Test func aReturnedDeferredIsTheSameOne() {
    let d = Deferred<Int>()
    #expect(maybeDeferred { d } === d)
  }
}
