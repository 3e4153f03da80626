import SwirlDeferred
import Testing

@Suite(.reported) struct FiringTests {
  @Test(arguments: [true, false], [true, false])
  func aSecondFiringIsReportedAndIgnored(firstSucceeds: Bool, secondSucceeds: Bool) {
    let log = Log()
    let d = Deferred<Int>()
    d.noteEnd("d", in: log)
    let fire = { (succeeds: Bool, number: Int) in
      if succeeds { d.callback(number) } else { d.errback(Boom("\(number)")) }
    }
    fire(firstSucceeds, 1)
    fire(secondSucceeds, 2)
    #expect(Reports.takeWords() == ["fired twice"])
    d.noteEnd("later", in: log)
    #expect(log.lines == (firstSucceeds ? ["d=1", "later=1"] : ["d!1", "later!1"]))
  }

  @Test func firingFromWithinItsOwnCallbackIsASecondFiring() {
    let log = Log()
    let d = Deferred<Int>()
    d.addCallback { _ in d.callback(2) }
    d.noteEnd("d", in: log)
    d.callback(1)
    #expect(Reports.takeWords() == ["fired twice"])
    #expect(log.lines == ["d=1"])
  }

  @Test func aStageIsNotForProducersToFire() {
    let log = Log()
    let d = Deferred<Int>()
    let stage = d.addCallback { $0 + 1 }
    stage.noteEnd("stage", in: log)
    stage.callback(7)
    stage.errback(Boom())
    #expect(Reports.takeWords() == ["fired twice", "fired twice"])
    d.callback(1)
    #expect(log.lines == ["stage=2"])
  }

  @Test func theReportOfASecondFiringSaysWhere() {
    let d = Deferred<Int>()
    d.callback(1)
    d.callback(2, file: "My/File.swift", line: 7)
    let report = Reports.take().first
    #expect(report?.site?.description == "My/File.swift:7")
    #expect(report?.description.contains("My/File.swift:7") == true)
    #expect(report?.createdAt?.description.contains("AnyDeferredTests.swift") == true)
  }

  @Test func isFiredTellsWhetherTheResultIsThere() {
    let d = Deferred<Int>()
    let inner = Deferred<Int>()
    let waiting = d.addCallback { _ in inner }
    #expect(!d.isFired && !waiting.isFired)
    d.addCallback { _ in #expect(d.isFired) }
    d.callback(1)
    #expect(d.isFired && !waiting.isFired)
    inner.callback(2)
    #expect(waiting.isFired)
  }
}

@Suite(.reported) struct PausingTests {
  let log = Log()

  @Test func aPausedSourceHoldsItsCallbacksBack() {
    let d = Deferred<Int>()
    d.noteEnd("d", in: log)
    d.pause()
    d.callback(1)
    #expect(log.lines == [])
    d.noteEnd("added while paused", in: log)
    #expect(log.lines == [])
    d.unpause()
    #expect(log.lines == ["d=1", "added while paused=1"])
  }

  @Test func aFailureIsHeldBackLikeASuccess() {
    let d = Deferred<Int>()
    d.noteEnd("d", in: log)
    d.pause()
    d.errback(Boom())
    #expect(log.lines == [])
    d.unpause()
    #expect(log.lines == ["d!boom"])
  }

  @Test func pausesAreCounted() {
    let d = Deferred.succeed(1)
    d.pause()
    d.pause()
    d.noteEnd("d", in: log)
    d.unpause()
    #expect(log.lines == [])
    d.unpause()
    #expect(log.lines == ["d=1"])
  }

  @Test func unpausingBeforeTheResultIsThereChangesNothing() {
    let d = Deferred<Int>()
    d.noteEnd("d", in: log)
    d.pause()
    d.unpause()
    #expect(log.lines == [])
    d.callback(1)
    #expect(log.lines == ["d=1"])
  }

  @Test func aPausedStageInTheMiddleHoldsOnlyWhatComesAfterIt() {
    let d = Deferred<Int>()
    let middle = d.noting("before", in: log).addCallback { $0 }
    middle.noteEnd("after", in: log)
    d.noteEnd("beside", in: log)
    middle.pause()
    d.callback(1)
    #expect(log.take() == ["before=1", "beside=1"])
    middle.unpause()
    #expect(log.lines == ["after=1"])
  }

  @Test func pausingFromACallbackHoldsTheCallbacksAfterIt() {
    let d = Deferred<Int>()
    d.addCallback { [log] _ in
      log("pauses")
      d.pause()
    }
    d.noteEnd("held", in: log)
    d.callback(1)
    #expect(log.take() == ["pauses"])
    d.unpause()
    #expect(log.lines == ["held=1"])
  }

  @Test func pausingAndUnpausingInOneCallbackKeepsTheOrder() {
    let d = Deferred<Int>()
    d.addCallback { [log] _ in
      d.pause()
      d.unpause()
      log("first")
    }
    d.noteEnd("second", in: log)
    d.callback(1)
    #expect(log.lines == ["first", "second=1"])
  }
}

@Suite(.reported) struct CancellingTests {
  let log = Log()

  @Test func withoutACancellerExactlyOneLateResultIsSwallowed() {
    for late in [{ $0.callback(1) }, { $0.errback(Boom()) }] as [(Deferred<Int>) -> Void] {
      let d = Deferred<Int>()
      d.noteEnd("d", in: log)
      d.cancel()
      #expect(log.take() == ["d!CancellationError()"])
      late(d)
      #expect(Reports.takeWords() == [])
      late(d)
      #expect(Reports.takeWords() == ["fired twice"])
    }
  }

  @Test func aLateResultFromWithinTheCancellationIsSwallowedToo() {
    let d = Deferred<Int>()
    d.addErrback { [log] _ in
      d.callback(1)
      log("errback")
      return 0
    }
    d.cancel()
    #expect(log.lines == ["errback"])
  }

  @Test func withACancellerALateResultIsReported() {
    let d = Deferred<Int>(canceller: { _ in })
    d.noteEnd("d", in: log)
    d.cancel()
    d.callback(1)
    #expect(Reports.takeWords() == ["fired twice"])
    #expect(log.lines == ["d!CancellationError()"])
  }

  @Test func theCancellerMayFireASuccessOrItsOwnFailure() {
    let success = Deferred<Int>(canceller: { $0.callback(5) })
    success.noteEnd("success", in: log)
    success.cancel()
    let failure = Deferred<Int>(canceller: { $0.errback(Boom("own")) })
    failure.noteEnd("failure", in: log)
    failure.cancel()
    #expect(log.lines == ["success=5", "failure!own"])
  }

  @Test func theRestOfTheChainRunsAndMayRecover() {
    let d = Deferred<Int>()
    d.addErrback { _ in 3 }.noteEnd("recovered", in: log)
    d.cancel()
    #expect(log.lines == ["recovered=3"])
  }

  @Test func aSecondCancelDoesNothing() {
    let d = Deferred<Int>(canceller: { [log] _ in log("stopped") })
    d.noteEnd("d", in: log)
    d.cancel()
    d.cancel()
    #expect(log.lines == ["stopped", "d!CancellationError()"])
  }

  @Test func cancellingFromWithinTheCancellerDoesNothing() {
    let d = Deferred<Int>(canceller: { [log] d in
      log("begin")
      d.cancel()
      log("end")
    })
    d.noteEnd("d", in: log)
    d.cancel()
    #expect(log.lines == ["begin", "end", "d!CancellationError()"])
    d.callback(1)
    #expect(Reports.takeWords() == ["fired twice"])
  }

  @Test func cancellingAFiredOneDoesNothing() {
    let d = Deferred<Int>(canceller: { [log] _ in log("stopped") })
    let stage = d.addCallback { $0 }
    d.callback(1)
    d.cancel()
    stage.cancel()
    stage.noteEnd("stage", in: log)
    #expect(log.lines == ["stage=1"])
    let failed = Deferred<Int>.fail(Boom())
    failed.cancel()
    failed.noteEnd("failed", in: log)
    #expect(log.lines == ["stage=1", "failed!boom"])
  }

  @Test func cancellingAPausedOneThatHasItsResultDoesNothing() {
    let d = Deferred.succeed(1)
    d.pause()
    let stage = d.noting("d", in: log)
    stage.cancel()
    d.unpause()
    #expect(log.lines == ["d=1"])
  }

  @Test func cancellingAPausedOneTakesEffectAfterThePause() {
    let d = Deferred<Int>()
    d.noteEnd("d", in: log)
    d.pause()
    d.cancel()
    #expect(log.lines == [] && d.isFired)
    d.unpause()
    #expect(log.lines == ["d!CancellationError()"])
  }

  @Test func aStageIsNotCancelledByItsOwnCallback() {
    let d = Deferred<Int>()
    var stage: Deferred<Int>?
    stage = d.addCallback {
      stage?.cancel()
      d.cancel()
      return $0
    }
    stage?.noteEnd("stage", in: log)
    d.callback(1)
    #expect(log.lines == ["stage=1"])
    stage = nil
  }

  @Test func cancellingGoesThroughAllInnerDeferreds() {
    let innermost = Deferred<Int>(canceller: { [log] _ in log("stopped") })
    let inner = Deferred.succeed(1).addCallback { _ in innermost }.noting("inner", in: log)
    let outer = Deferred.succeed(1).addCallback { _ in inner }.noting("outer", in: log)
    outer.noteEnd("end", in: log)
    outer.cancel()
    #expect(
      log.lines == ["stopped", "inner!CancellationError()", "outer!CancellationError()", "end!CancellationError()"])
  }

  @Test func cancellingWhatWaitsForAnInnerOneThatRecoversContinuesWithItsValue() {
    let inner = Deferred<Int>()
    let waiting = Deferred.succeed(1).addCallback { _ in inner.addErrback { _ in 9 } }
    waiting.noteEnd("waiting", in: log)
    waiting.cancel()
    #expect(log.lines == ["waiting=9"])
    inner.callback(1)
  }

  @Test func cancellingBeforeTheFirstCallbackReachesTheSourceNotALaterInnerOne() {
    let d = Deferred<Int>(canceller: { [log] _ in log("source") })
    let inner = Deferred<Int>(canceller: { [log] _ in log("inner") })
    d.addCallback { _ in inner }.noting("stage", in: log).addErrback { _ in 0 }.cancel()
    #expect(log.lines == ["source", "stage!CancellationError()"])
  }

  @Test func whatACancelledTargetOfALinkWaitsForIsNotCancelled() {
    let d = Deferred<Int>(canceller: { [log] _ in log("source") })
    let target = Deferred<Int>()
    target.noteEnd("target", in: log)
    d.chainDeferred(target)
    target.cancel()
    #expect(log.take() == ["target!CancellationError()"])
    d.callback(1)
    #expect(log.lines == [])
  }

  @Test func theCancellerIsReleasedWhenItCanNoLongerRun() {
    let census = Census()
    let ends: [(Deferred<Int>) -> Void] = [
      { $0.callback(1) }, { $0.errback(Boom()) }, { $0.cancel() },
      {
        let first = Deferred<Int>()
        first.chainDeferred($0)
        first.callback(1)
      },
    ]
    for end in ends {
      let citizen = census.newCitizen()
      let d = Deferred<Int>(canceller: { _ in citizen.touch() })
      d.addErrback { _ in
        0
      }
      #expect(census.alive == 1)
      end(d)
      _ = consume citizen
      #expect(census.alive == 0)
    }
  }

  @Test func aCancellerThatHoldsItsOwnDeferredLeavesNoCycleOnceFired() {
    let census = Census()
    for cancelled in [false, true] {
      weak var observed: Deferred<Citizen>?
      do {
        var box: Deferred<Citizen>?
        let d = Deferred<Citizen>(canceller: { _ in box?.callback(census.newCitizen()) })
        box = d
        observed = d
        d.addCallback { $0.touch() }
        if cancelled { d.cancel() } else { d.callback(census.newCitizen()) }
        box = nil
      }
      #expect(observed == nil && census.alive == 0)
    }
  }
}

@Suite(.reported) struct LettingGoTests {
  let log = Log()

  @Test func everyCallbackIsReleasedAsSoonAsItCanNoLongerRun() {
    let census = Census()
    func citizens() -> (Citizen, Citizen) { (census.newCitizen(), census.newCitizen()) }
    let d = Deferred<Int>()
    let stage: Deferred<Int> = {
      let (one, two) = citizens()
      return d.addCallbacks(
        {
          one.touch(); return $0
        },
        { _ in
          two.touch(); return 0
        })
    }()
    let last: Deferred<Int> = {
      let (one, two) = citizens()
      return stage.addErrback { _ in
        one.touch(); return 0
      }.addBoth { _ in
        two.touch(); return 0
      }
    }()
    #expect(census.alive == 4)
    d.callback(1)
    #expect(census.alive == 0 && last.isFired)
  }

  @Test func aCallbackThatHoldsItsOwnStageLeavesNoCycle() {
    let census = Census()
    do {
      let d = Deferred<Int>()
      let citizen = census.newCitizen()
      var stage: Deferred<Int>?
      stage = d.addCallback { value in
        citizen.touch()
        _ = stage
        return value
      }
      d.callback(1)
    }
    #expect(census.alive == 0)
  }

  @Test func callbacksOfAStageWhoseSourceWasReleasedAreReleased() {
    let census = Census()
    weak var observed: Deferred<Int>?
    do {
      let citizen = census.newCitizen()
      var stage: Deferred<Int>?
      do {
        let d = Deferred<Int>()
        stage = d.addCallbacks(
          { _ in
            citizen.touch(); _ = stage; return 1
          },
          { _ in
            _ = stage; return 2
          })
        observed = stage
      }
      #expect(census.alive == 1)
    }
    #expect(observed == nil && census.alive == 0)
  }

  @Test func aStageWhoseSourceWasReleasedCanStillBeCancelled() {
    var d: Deferred<Int>? = Deferred()
    let stage = d!.addCallback { $0 }.addCallback { $0 }
    stage.noteEnd("stage", in: log)
    d = nil
    #expect(log.lines == [] && !stage.isFired)
    stage.cancel()
    #expect(log.lines == ["stage!CancellationError()"])
  }

  @Test func codeThatRunsWhileAChainIsFreedMayTouchTheRestOfIt() {
    let census = Census()
    var held: [Deferred<Int>] = []
    do {
      let d = Deferred<Int>()
      for number in 0..<3 {
        let citizen = census.newCitizen()
        citizen.atEnd = { [log] in
          log("end \(number)")
          for stage in held {
            stage.cancel()
            stage.addCallback { $0 }
          }
        }
        let stage = d.addCallback {
          citizen.touch()
          return $0
        }
        let end = stage.addCallback { $0 }
        end.noteEnd("held \(number)", in: log)
        held.append(end)
      }
    }
    #expect(census.alive == 0)
    #expect(Set(log.lines.filter { $0.hasPrefix("held") }).count == 3)
    held = []
    #expect(Reports.takeWords() == [])
  }

  @Test func aMillionPendingStagesAreFreedWithoutStack() {
    weak var last: Deferred<Int>?
    do {
      let d = Deferred<Int>()
      var stage = d
      for _ in 0..<1_000_000 { stage = stage.addCallback { .succeed($0 + 1) } }
      last = stage
    }
    #expect(last == nil)
  }

  @Test func aHundredThousandPendingLinksAndNestedListsAreFreedWithoutStack() {
    weak var last: AnyDeferred?
    do {
      let first = Deferred<Int>()
      var target = first
      for _ in 0..<100_000 {
        let next = Deferred<Int>()
        target.addCallback { $0 }.chainDeferred(next)
        target = next
      }
      last = target
    }
    #expect(last == nil)
    do {
      var sum = Deferred<Int>()
      for _ in 0..<100_000 { sum = gather(sum, Deferred.succeed(1)).addCallback { $0 + $1 } }
      last = sum
    }
    #expect(last == nil)
  }
}
