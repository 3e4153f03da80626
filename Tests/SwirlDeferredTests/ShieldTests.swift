import SwirlDeferred
import Testing

@Suite(.reported) struct ShieldTests {
  let log = Log()

  private func makeInner() -> Deferred<Int> { Deferred<Int>(canceller: { [log] _ in log("stopped") }) }

  @Test func cancellingTheOuterLeavesTheInner() {
    let inner = makeInner()
    let outer: Deferred = shield(inner)
    outer.noteEnd("outer", in: log)
    outer.addCallback { $0 }.addErrback { _ in 0 }.cancel()
    #expect(log.take() == ["outer!CancellationError()"] && !inner.isFired)
    inner.callback(1)
    #expect(!inner.addCallback { $0 == 1 }.isFired == false && log.lines.isEmpty)
  }

  @Test func theResultPasses() {
    let inner = makeInner()
    shield(inner).noteEnd("outer", in: log)
    inner.callback(1)
    shield(inner).noteEnd("again", in: log)
    shield(Deferred<Int>.fail(Boom())).noteEnd("failed", in: log)
    #expect(log.lines == ["outer=1", "again=1", "failed!boom"])
  }

  @Test func cancellingTheInnerCancelsTheOuter() {
    let inner = makeInner()
    shield(inner).noteEnd("outer", in: log)
    inner.cancel()
    #expect(log.lines == ["stopped", "outer!CancellationError()"])
  }

  @Test func aFailureAfterTheCancellationIsReportedAndNotLost() {
    var inner: Deferred<Int>? = makeInner()
    let outer: Deferred = shield(inner!)
    outer.addErrback { _ in 0 }
    outer.cancel()
    inner?.errback(Boom("late"))
    inner = nil
    #expect(Reports.take().map { "\($0.error!)" } == ["late"])
  }

  @Test func aCancelledShieldLeavesNothingWithTheInner() {
    let census = Census()
    let inner = makeInner()
    inner.noteEnd("first", in: log)
    var kept: [Deferred<Int>] = []
    for number in 0..<1000 {
      let citizen = census.newCitizen()
      let outer: Deferred = shield(inner)
      outer.addBoth { _ in citizen.touch() }
      if number.isMultiple(of: 2) { kept.append(outer) } else { outer.cancel() }
    }
    inner.noteEnd("last", in: log)
    #expect(census.alive == 500)
    for outer in kept.reversed() { outer.cancel() }
    kept = []
    #expect(census.alive == 0)
    inner.callback(1)
    #expect(log.lines == ["first=1", "last=1"])
  }

  @Test func theOrderOfListenersStays() {
    let inner = makeInner()
    inner.noteEnd("a", in: log)
    let (b, c): (Deferred<Int>, Deferred<Int>) = (shield(inner), shield(inner))
    b.noteEnd("b", in: log)
    c.noteEnd("c", in: log)
    c.cancel()
    inner.noteEnd("d", in: log)
    #expect(log.take() == ["c!CancellationError()"])
    inner.callback(1)
    #expect(log.lines == ["a=1", "b=1", "d=1"])
  }

  @Test func aCallbackOfTheInnerMayCancelTheOuter() {
    let inner = makeInner()
    var outer: Deferred<Int>?
    inner.addCallback { _ in outer?.cancel() }
    outer = shield(inner)
    outer?.noteEnd("outer", in: log)
    inner.noteEnd("last", in: log)
    inner.callback(1)
    #expect(log.lines == ["outer!CancellationError()", "last=1"])
  }

  @Test func theInnerMayBeReleasedUnfired() {
    var inner: Deferred<Int>? = makeInner()
    let outer: Deferred = shield(inner!)
    let end = outer.addErrback(CancelledError.self) { _ in -1 }
    inner = nil
    outer.cancel()
    #expect(end.isFired == outer.isFired)
  }

  @Test func awaitedItEndsWithItsTask() async throws {
    let inner = Deferred<Int>.succeed(5)
    #expect(try await shield(inner) == 5)
  }
}
