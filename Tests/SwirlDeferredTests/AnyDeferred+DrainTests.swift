import SwirlDeferred
import Testing

@Suite(.reported) struct OrderTests {
  let log = Log()

  @Test func callbacksAddedInACallbackRunAfterThoseThatWereThere() {
    let d = Deferred<Int>()
    d.addCallback { [log] _ in
      d.addCallback { _ in
        d.addCallback { _ in log("third") }
        log("second")
      }
      log("outer")
    }
    d.addCallback { [log] _ in log("first") }
    d.callback(1)
    #expect(log.lines == ["outer", "first", "second", "third"])
  }

  @Test func onAFiredStageTooTheyWaitForTheCallbackToReturn() {
    let d = Deferred<Int>.fail(Boom())
    d.addErrback { [log] _ in
      d.addErrback { _ in
        log("inner")
        return 0
      }
      log("outer")
      return 0
    }
    #expect(log.lines == ["outer", "inner"])
  }

  @Test func allThatHangsOnACallbackRunsBeforeTheNextCallbackOfTheSameStage() {
    let d = Deferred<Int>()
    d.noting("a", in: log).noting("a.a", in: log).noteEnd("a.a.a", in: log)
    d.noteEnd("b", in: log)
    d.callback(1)
    #expect(log.lines == ["a=1", "a.a=1", "a.a.a=1", "b=1"])
  }

  @Test func whatIsAddedToAStageByItsOwnCallbackWaitsForItsResult() {
    let d = Deferred<Int>()
    var stage: Deferred<Int>?
    stage = d.addCallback { [log] in
      stage?.noteEnd("from within", in: log)
      return $0 + 1
    }
    d.callback(1)
    stage = nil
    #expect(log.lines == ["from within=2"])
  }

  @Test func firingAnotherDeferredInACallbackRunsItsCallbacksThere() {
    let d = Deferred<Int>()
    let other = Deferred<Int>()
    other.noteEnd("other", in: log)
    d.addCallback { [log] in
      log("before")
      other.callback($0)
      log("after")
    }
    d.callback(1)
    #expect(log.lines == ["before", "other=1", "after"])
  }

  @Test func theOrderHoldsWhenAFiredStageIsAddedToFromTwoPlaces() {
    // A loser's canceller adds a callback to the winner, and so does the race's own callback, which runs later.
    let winner = Deferred.succeed(1)
    let loser = Deferred<Int>(canceller: { [log] _ in winner.noteEnd("added first", in: log) })
    let result = race([loser, winner])
    result.addCallback { [log] _ in winner.noteEnd("added second", in: log) }
    #expect(log.lines == ["added first=1", "added second=1"])
  }
}

@Suite(.reported) struct ChainingTests {
  let log = Log()

  @Test func aFiredInnerDeferredIsTakenAtOnce() {
    let inner = Deferred.succeed("x")
    Deferred.succeed(1).addCallback { _ in inner }.noteEnd("outer", in: log)
    #expect(log.lines == ["outer=x"])
  }

  @Test func theFailureOfAnInnerDeferredIsTheStagesFailure() {
    let inner = Deferred<Int>()
    Deferred.succeed(1).addCallback { _ in inner }.noteEnd("outer", in: log)
    inner.errback(Boom())
    #expect(log.lines == ["outer!boom"])
  }

  @Test func anErrbackMayReturnADeferred() {
    let inner = Deferred<Int>()
    Deferred<Int>.fail(Boom()).addErrback { _ in inner }.noteEnd("errback", in: log)
    Deferred<Int>.fail(Boom()).addCallbacks({ _ in inner }, { _ in inner }).noteEnd("callbacks", in: log)
    Deferred<Int>.fail(Boom()).addBoth { _ in inner }.noteEnd("both", in: log)
    inner.callback(3)
    #expect(log.lines == ["errback=3", "callbacks=3", "both=3"])
  }

  @Test func callbacksOfTheInnerDeferredRunFirst() {
    let inner = Deferred<Int>()
    let tail = inner.noting("inner one", in: log).noting("inner two", in: log)
    Deferred.succeed(1).addCallback { _ in tail }.noteEnd("outer", in: log)
    inner.callback(1)
    #expect(log.lines == ["inner one=1", "inner two=1", "outer=1"])
  }

  @Test func aLaterCallbackOfTheInnerDeferredStillSeesItsResult() {
    let inner = Deferred<Int>()
    Deferred.succeed(1).addCallback { _ in inner }.addCallback { $0 + 1 }.noteEnd("outer", in: log)
    inner.noteEnd("inner", in: log)
    inner.callback(1)
    inner.noteEnd("later", in: log)
    #expect(log.lines == ["outer=2", "inner=1", "later=1"])
  }

  @Test func chainingIsTransitive() {
    let c = Deferred<Int>()
    let b = Deferred<Int>()
    let bStage = b.addCallback { _ in c }
    let a = Deferred.succeed(1).addCallback { _ in bStage }
    a.noteEnd("a", in: log)
    b.callback(1)
    #expect(log.lines == [])
    bStage.noteEnd("b", in: log)
    c.callback(9)
    #expect(log.lines == ["a=9", "b=9"])
  }

  @Test func aPausedInnerDeferredIsWaitedFor() {
    let inner = Deferred.succeed(5)
    inner.pause()
    let outer = Deferred.succeed(1).addCallback { _ in inner }
    outer.noteEnd("outer", in: log)
    #expect(log.lines == [] && !outer.isFired)
    inner.unpause()
    #expect(log.lines == ["outer=5"])
  }

  @Test func aPausedStageTakesTheInnerResultAndHoldsIt() {
    let inner = Deferred<Int>()
    let outer = Deferred.succeed(1).addCallback { _ in inner }
    outer.noteEnd("outer", in: log)
    outer.pause()
    inner.callback(5)
    inner.noteEnd("inner", in: log)
    #expect(log.take() == ["inner=5"])
    outer.unpause()
    #expect(log.lines == ["outer=5"])
  }

  @Test func aStageThatReturnsItselfFails() {
    let d = Deferred<Int>()
    var stage: Deferred<Int>!
    stage = d.addCallback { _ in stage }
    stage.addErrback { [log] in
      log("\($0 is CircularDeferredError)")
      return 0
    }
    d.callback(1)
    stage = nil
    #expect(log.lines == ["true"])
  }

  @Test func aStageThatReturnsOneThatWaitsForItFails() {
    let d = Deferred<Int>()
    let inner = Deferred<Int>()
    var downstream: Deferred<Int>!
    // Directly, and with an inner Deferred between the two.
    for isInner in [false, true] {
      let d = Deferred<Int>()
      let stage = d.addCallback { _ in downstream! }
      stage.addErrback { [log] in
        log("\($0 is CircularDeferredError)")
        return 0
      }
      downstream =
        isInner ? Deferred.succeed(0).addCallback { _ in stage.addCallback { $0 } } : stage.addCallback { $0 }
      downstream.addErrback { _ in 0 }
      d.callback(1)
    }
    downstream = nil
    #expect(log.lines == ["true", "true"])
    #expect(!d.isFired && !inner.isFired)
  }

  @Test func aStageMayReturnItsOwnSource() {
    let d = Deferred<Int>()
    d.addCallback { _ in d }.noteEnd("stage", in: log)
    d.noteEnd("d", in: log)
    d.callback(4)
    #expect(log.lines == ["d=4", "stage=4"])
  }

  @Test func twoStagesMayWaitForOneInnerDeferred() {
    let inner = Deferred<Int>()
    Deferred.succeed(1).addCallback { _ in inner }.noteEnd("one", in: log)
    Deferred.succeed(1).addCallback { _ in inner }.noteEnd("two", in: log)
    inner.callback(2)
    #expect(log.lines == ["one=2", "two=2"])
  }

  @Test func anInnerDeferredIsReleasedWithTheStage() {
    let census = Census()
    do {
      let inner = Deferred<Citizen>()
      do { Deferred.succeed(1).addCallback { _ in inner }.addCallback { $0.touch() } }
      inner.callback(census.newCitizen())
      #expect(census.alive == 1)
    }
    #expect(census.alive == 0)
  }
}

/// The cost of long chains.
@Suite(.reported) struct LengthTests {
  @Test func aMillionStagesThatReturnFiredDeferredsUseNoStack() {
    let d = Deferred<Int>()
    var last = d
    for _ in 0..<1_000_000 { last = last.addCallback { .succeed($0 + 1) } }
    var got = 0
    last.addCallback { got = $0 }
    d.callback(0)
    #expect(got == 1_000_000)
  }

  @Test func aMillionStagesThatReturnPendingDeferredsUseNoStack() {
    let d = Deferred<Int>()
    var last = d
    var inner: Deferred<Int>?
    for _ in 0..<1_000_000 {
      last = last.addCallback {
        let next = Deferred<Int>()
        inner = next
        return next.addCallback { [value = $0] in $0 + value }
      }
    }
    var got = 0
    last.addCallback { got = $0 }
    d.callback(0)
    while let next = inner.take() { next.callback(1) }
    #expect(got == 1_000_000)
  }

  @Test func aMillionLinksUseNoStack() {
    let first = Deferred<Int>()
    var last = first
    for _ in 0..<1_000_000 {
      let next = Deferred<Int>()
      last.chainDeferred(next)
      last = next
    }
    var got = 0
    last.addCallback { got = $0 }
    first.callback(7)
    #expect(got == 7)
  }

  /// Inner Deferreds that all wait for each other, and are then resolved from the far end of the chain.
  @Test func aMillionDeferredsThatWaitForEachOtherUseNoStack() {
    let source = Deferred<Int>()
    var outermost = source
    for _ in 0..<1_000_000 {
      outermost = Deferred.succeed(0).addCallback { [inner = outermost] _ in inner }
    }
    var got = 0
    outermost.addCallback { got = $0 }
    source.callback(3)
    #expect(got == 3)
  }

  /// Runs a million rounds, each of which returns its next, and gives how many of them were alive at the same time.
  private func roundsAlive(
    _ made: @escaping (_ ticker: Ticker, _ next: @escaping () -> Deferred<String>) -> Deferred<String>
  ) -> Int {
    let rounds = 1_000_000
    let ticker = Ticker()
    var sampled: [WeakStage] = []
    var most = 0
    func round(_ left: Int) -> Deferred<String> {
      if left == 0 { return .succeed("done") }
      let stage = made(ticker) { round(left - 1) }
      if left % (rounds / 50) < 20 {
        sampled.append(WeakStage(stage: stage))
        sampled.removeAll { $0.stage == nil }
        most = max(most, sampled.count)
      }
      return stage
    }
    var got = ""
    round(rounds).addCallback { got = $0 }
    ticker.run()
    #expect(got == "done")
    return most
  }

  @Test func aMillionRoundsThatEachReturnTheirNextKeepOneRoundAlive() {
    let most = roundsAlive { ticker, next in ticker.tick().addCallback { _ in next() } }
    // The round that was just made and the one whose callback made it.
    #expect(most <= 3)
  }

  @Test func aMillionRoundsThatEndAtOnceAndWaitForThePauseKeepOneRoundAlive() {
    let most = roundsAlive { ticker, next in
      Deferred<String>.fail(Boom()).addErrback { _ -> Deferred<String> in ticker.tick().addCallback { _ in next() } }
    }
    #expect(most <= 3)
  }

  @Test func roundsThatEndAtOnceAndThatOthersHoldHaveTheirResult() {
    let ticker = Ticker()
    var held: [Deferred<Int>] = []
    var heard: [Int] = []
    func round(_ left: Int) -> Deferred<Int> {
      if left == 0 { return .succeed(7) }
      let stage = Deferred.succeed(0).addCallback { _ in ticker.tick().addCallback { _ in round(left - 1) } }
      if left % 3 == 0 { held.append(stage) }
      if left % 5 == 0 { stage.addCallback { heard.append($0 + left) } }
      return stage
    }
    let first = round(30)
    ticker.run()
    #expect("\(first)".contains("result: 7") && held.count == 10)
    #expect(held.allSatisfy { "\($0)".contains("result: 7") })
    #expect(heard == [30, 25, 20, 15, 10, 5].map { 7 + $0 } || heard == [5, 10, 15, 20, 25, 30].map { 7 + $0 })
  }

  @Test func roundsThatEndAtOnceAreCancelledByTheOneWhoBegan() {
    let ticker = Ticker()
    func round() -> Deferred<Void> {
      Deferred.succeed(()).addCallback { ticker.tick().addCallback { _ in round() } }
    }
    var error: (any Error)?
    let loop = round()
    loop.addErrback { error = $0 }
    for _ in 0..<1000 { ticker.step() }
    loop.cancel()
    #expect(error is CancelledError)
  }

  @Test func theSameWithRoundsThatAreCancelledByTheOneWhoBegan() {
    let ticker = Ticker()
    func round() -> Deferred<Void> { ticker.tick().addCallback { _ in round() } }
    var error: (any Error)?
    let loop = round()
    loop.addErrback { error = $0 }
    for _ in 0..<1000 { ticker.step() }
    loop.cancel()
    #expect(error is CancelledError)
  }

  @Test func aLoopOfFiredRoundsIsRecursiveOnlyInTheUsersOwnCode() {
    let d = Deferred<Int>()
    var count = 0
    d.addCallback { _ in
      while count < 1_000_000 { Deferred.succeed(1).addCallback { count += $0 } }
    }
    d.callback(0)
    #expect(count == 1_000_000)
  }

  private struct WeakStage {
    weak var stage: Deferred<String>?
  }

  /// Hands out Deferreds that are fired one at a time from a loop of their own, as a reactor would.
  private final class Ticker {
    private var next: Deferred<Int>?
    func tick() -> Deferred<Int> {
      let tick = Deferred<Int>()
      next = tick
      return tick
    }
    func step() { next.take()?.callback(0) }
    func run() { while let tick = next.take() { tick.callback(0) } }
  }
}

extension Optional {
  fileprivate mutating func take() -> Wrapped? {
    defer { self = nil }
    return self
  }
}
