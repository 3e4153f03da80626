import SwirlDeferred
import Testing

/// When an unhandled failure is reported, and when not.
@Suite(.reported) struct DeferredReportTests {
  @Test func aFailureIsReportedAtTheMomentItsLastReferenceGoes() {
    let log = Log()
    var d: Deferred<Int>? = Deferred()
    let stage = d!.addCallback { $0 }
    d?.errback(Boom())
    d = nil
    #expect(Reports.takeWords() == [])
    log("\(stage.isFired)")
    _ = consume stage
    #expect(Reports.takeWords() == ["boom"])
  }

  /// How a failure is treated, and the reports that result.
  @Test func whoeverSeesAFailureHandlesItEverywhere() {
    let cases: [(String, (Deferred<Int>) -> Void, [String])] = [
      ("nothing", { _ in }, ["boom"]),
      ("a callback", { $0.addCallback { $0 } }, ["boom"]),
      ("three forks", { d in for _ in 0..<3 { d.addCallback { $0 } } }, ["boom"]),
      ("an errback", { $0.addErrback { _ in 0 } }, []),
      ("addBoth", { $0.addBoth { _ in } }, []),
      ("addCallbacks", { $0.addCallbacks({ _ in }, { _ in }) }, []),
      (
        "statement style",
        { d in
          d.addCallback { $0 + 1 }
          d.addErrback { _ in 0 }
        }, []
      ),
      (
        "statement style, the errback first",
        { d in
          d.addErrback { _ in 0 }
          d.addCallback { $0 + 1 }
        }, []
      ),
      ("far down one branch", { $0.addCallback { $0 }.addCallback { $0 }.addErrback { _ in 0 } }, []),
      ("rethrown", { $0.addErrback { throw $0 } }, ["boom"]),
      ("replaced", { $0.addErrback { _ in throw Boom("other") } }, ["other"]),
      ("returned inside", { inner in Deferred.succeed(1).addCallback { _ in inner } }, ["boom"]),
      (
        "returned inside and handled",
        { inner in Deferred.succeed(1).addCallback { _ in inner }.addErrback { _ in 0 } }, []
      ),
      ("linked", { $0.chainDeferred(Deferred()) }, ["boom"]),
      (
        "linked and handled",
        {
          let target = Deferred<Int>()
          $0.chainDeferred(target)
          target.addErrback { _ in 0 }
        }, []
      ),
      ("listed", { _ = DeferredList([$0]) }, ["boom"]),
      ("listed and consumed", { _ = DeferredList([$0], consumeErrors: true) }, []),
      ("gathered", { _ = gatherResults([$0]) }, ["member 0 of the list failed: boom"]),
      ("raced", { _ = race([$0]) }, ["all failed: boom"]),
    ]
    for (name, use, expected) in cases {
      for firedFirst in [true, false] {
        do {
          let d = Deferred<Int>()
          if firedFirst { d.errback(Boom()) }
          use(d)
          if !firedFirst { d.errback(Boom()) }
        }
        #expect(Reports.takeWords() == expected, "\(name)")
      }
    }
  }

  @Test func anErrorThrownByACallbackIsReportedThoughItsInputHadAnErrback() {
    do {
      let d = Deferred<Int>()
      d.addCallback { (_: Int) throws -> Int in throw Boom("thrown by one") }
      d.addErrback { _ in 0 }
      d.callback(1)
    }
    #expect(Reports.takeWords() == ["thrown by one"])
  }

  @Test func anErrorThatSurvivesAPauseIsReportedWhenItIsReleased() {
    do {
      let d = Deferred<Int>()
      d.pause()
      d.addErrback { _ in 0 }
      d.errback(Boom())
    }
    #expect(Reports.takeWords() == ["boom"])
  }

  /// What fails a Deferred made at one of the lines, and the line that is named.
  @Test func withoutDebugModeTooTheReportNamesWhereTheDeferredThatFailedFirstWasMade() {
    let cases: [(String, () -> Void, UInt)] = [
      ("errback", { Deferred<Int>(file: "M/Made.swift", line: 1).errback(Boom()) }, 1),
      (
        "a failure that passes stages by",
        {
          let d = Deferred<Int>(file: "M/Made.swift", line: 1)
          d.addCallback(file: "M/Made.swift", line: 2) { $0 }.addCallback(file: "M/Made.swift", line: 3) { $0 }
          d.errback(Boom())
        }, 1
      ),
      (
        "a callback that throws",
        {
          let d = Deferred<Int>(file: "M/Made.swift", line: 1)
          d.addCallback(file: "M/Made.swift", line: 2) { (_: Int) throws -> Int in throw Boom() }
          d.callback(1)
        }, 2
      ),
      (
        "an inner Deferred",
        {
          let d = Deferred.succeed(1, file: "M/Made.swift", line: 1)
          d.addCallback(file: "M/Made.swift", line: 2) { _ in Deferred<Int>.fail(Boom(), file: "M/Made.swift", line: 3)
          }
        }, 3
      ),
      (
        "a list",
        {
          let members = [Deferred<Int>.fail(Boom(), file: "M/Made.swift", line: 1)]
          _ = DeferredList(
            members, fireOnOneErrback: true, consumeErrors: true, file: "M/Made.swift", line: 0xffff_ffff)
        }, 0xffff_ffff
      ),
    ]
    for (name, fail, line) in cases {
      fail()
      let reports = Reports.take()
      #expect(reports.map { $0.createdAt?.description } == ["M/Made.swift:\(line)"], "\(name)")
      #expect(reports.allSatisfy { $0.firedAt == nil }, "\(name)")
    }
  }

  @Test func aFileNameBeyondASCIIIsNamedAsItIs() {
    do { _ = Deferred<Int>.fail(Boom(), file: "Möbius/Übung.swift", line: 2) }
    #expect(Reports.take().map { $0.createdAt?.description } == ["Möbius/Übung.swift:2"])
  }

  @Test func theReportNamesTheErrorAndWhatToDo() {
    do { _ = Deferred<Int>.fail(Boom("disk full"), file: "M/Made.swift", line: 7) }
    let report = Reports.take().first
    #expect(report?.code == .unhandledFailure && report?.error as? Boom == Boom("disk full"))
    #expect(report?.description == "unhandled failure in a Deferred: disk full; add an errback, made at M/Made.swift:7")
  }

  @Test func aHundredThousandReportsCostAsMuchEachAsTheFirst() {
    let d = Deferred.succeed(0)
    for number in 1...100_000 { d.callback(number) }
    #expect(Reports.take().count == 100_000)
  }

  @Test func settingAHandlerGivesBackTheOneBefore() async {
    await #expect(processExitsWith: .success) {
      nonisolated(unsafe) var seen = 0
      precondition(DeferredReport.setHandler { _ in seen += 1 } == nil)
      do { _ = Deferred<Int>.fail(Boom()) }
      let mine = DeferredReport.setHandler(nil)
      precondition(mine != nil && seen == 1)
    }
  }

  @Test func withoutAHandlerReportsGoToStandardErrorAndTheProgramContinues() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      _ = Deferred<Int>.fail(Boom("lost"), file: "A/B.swift", line: 1)
      let d = Deferred.succeed(1, file: "A/B.swift", line: 2)
      d.callback(2, file: "A/B.swift", line: 3)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("Swirl: unhandled failure in a Deferred: lost; add an errback, made at A/B.swift:1\n"))
    #expect(
      text.contains(
        "callback or errback on a Deferred that has its result already, ignored, at A/B.swift:3, made at A/B.swift:2\n")
    )
  }
}

/// Debug mode is process-wide, so each of these runs in its own process.
@Suite(.reported) struct DebugModeTests {
  @Test func reportsSayWhereADeferredWasMadeAndFirstFired() async {
    await #expect(processExitsWith: .success) {
      nonisolated(unsafe) var reports: [DeferredReport] = []
      DeferredReport.setHandler { reports.append($0) }
      deferredDebugging = true
      do {
        let d = Deferred<Int>(file: "M/Made.swift", line: 1)
        d.errback(Boom(), file: "M/Fired.swift", line: 2)
        d.callback(1, file: "M/Again.swift", line: 3)
      }
      precondition(reports.map(\.code) == [.firedTwice, .unhandledFailure])
      for report in reports {
        precondition(report.createdAt?.description == "M/Made.swift:1")
        precondition(report.firedAt?.description == "M/Fired.swift:2")
      }
      precondition(reports[0].site?.description == "M/Again.swift:3")
      precondition(reports[1].description.hasSuffix("made at M/Made.swift:1, first fired at M/Fired.swift:2"))
    }
  }

  @Test func anErrorThatACallbackThrewNamesItsStage() async {
    await #expect(processExitsWith: .success) {
      nonisolated(unsafe) var reports: [DeferredReport] = []
      DeferredReport.setHandler { reports.append($0) }
      deferredDebugging = true
      do {
        let d = Deferred<Int>()
        d.addCallback(file: "M/Stage.swift", line: 4) { (_: Int) throws -> Int in throw Boom() }
        d.callback(1)
      }
      precondition(reports.map { $0.createdAt?.description } == ["M/Stage.swift:4"])
    }
  }

  @Test func oneReleasedUnfiredIsReportedOnlyIfCallbacksWaitForIt() async {
    await #expect(processExitsWith: .success) {
      nonisolated(unsafe) var reports: [DeferredReport] = []
      DeferredReport.setHandler { reports.append($0) }
      deferredDebugging = true
      do {
        let d = Deferred<Int>(file: "M/Made.swift", line: 1)
        d.addCallback { $0 }.addCallback { $0 }
      }
      do { _ = Deferred<Int>() }
      precondition(reports.map(\.code) == [.abandoned])
      precondition(reports[0].createdAt?.description == "M/Made.swift:1")
    }
  }

  @Test func switchingItOnLaterHarmsNoDeferredMadeBefore() async {
    await #expect(processExitsWith: .success) {
      nonisolated(unsafe) var reports: [DeferredReport] = []
      DeferredReport.setHandler { reports.append($0) }
      let d = Deferred<Int>()
      deferredDebugging = true
      d.callback(1)
      d.callback(2)
      // Where it was made is known in any case; where it was fired, since the switch.
      precondition(reports.map(\.code) == [.firedTwice] && reports[0].createdAt != nil && reports[0].firedAt != nil)
      deferredDebugging = false
      precondition(!deferredDebugging)
    }
  }
}
