import SwirlDeferred
import Testing

private struct Bang: Error, Equatable {}

@Suite(.reported) struct TypedErrbackTests {
  let log = Log()

  @Test func onlyThisTypeIsCaught() {
    let failed = Deferred<Int>()
    failed.addErrback(Bang.self) { _ in 1 }.addErrback(Boom.self) { boom in boom.description.count }
      .noteEnd("caught", in: log)
    failed.errback(Boom("four"))
    Deferred.succeed(7).addErrback(Boom.self) { _ in 0 }.noteEnd("success", in: log)
    Deferred<Int>.fail(Boom()).addErrback(Bang.self) { _ in 0 }.noteEnd("other", in: log)
    #expect(log.lines == ["caught=4", "success=7", "other!boom"])
  }

  @Test func itMayReturnADeferredOrNothingOrThrow() {
    let inner = Deferred<Int>()
    Deferred<Int>.fail(Boom()).addErrback(Boom.self) { _ in inner }.noteEnd("inner", in: log)
    Deferred<Int>.fail(Boom()).addErrback(Boom.self) { _ in .succeed(2) }.noteEnd("shorthand", in: log)
    Deferred<Void>.fail(Boom()).addErrback(Boom.self) { [log] in log("void \($0)") }.noteEnd("void", in: log)
    Deferred<Int>.fail(Boom()).addErrback(Boom.self) { [log] in log("\($0)") }.addCallback { $0 ?? -1 }
      .noteEnd("nothing", in: log)
    Deferred<Int>.succeed(3).addErrback(Boom.self) { [log] in log("\($0)") }.addCallback { $0 ?? -1 }
      .noteEnd("kept", in: log)
    Deferred<Int>.fail(Boom()).addErrback(Bang.self) { [log] in log("\($0)") }.addCallback { $0 ?? -1 }
      .noteEnd("passed on", in: log)
    Deferred<Int>.fail(Boom()).addErrback(Boom.self) { _ -> Int in throw Bang() }.noteEnd("thrown", in: log)
    inner.callback(5)
    #expect(
      log.lines == [
        "shorthand=2", "void boom", "void=()", "boom", "nothing=-1", "kept=3", "passed on!boom", "thrown!Bang()",
        "inner=5",
      ])
  }

  @Test func aFailureThatIsPassedOnIsTheSameOne() {
    let line = UInt(#line + 1)
    var made: Deferred<Int>? = .fail(Boom())
    made?.addErrback(Bang.self) { _ in 1 }.addErrback(CancelledError.self) { _ in 2 }
    made = nil
    let reports = Reports.take()
    #expect(reports.count == 1 && reports.first?.createdAt?.line == line)
  }

  @Test func cancellationIsAType() {
    let source = Deferred<Int>()
    let caught = source.addErrback(CancelledError.self) { _ in 9 }
    caught.noteEnd("cancelled", in: log)
    caught.cancel()
    #expect(log.lines == ["cancelled=9"])
  }

  @Test func trapThrowsWhatItDoesNotTrap() {
    Deferred<Int>.fail(Boom("abc")).addErrback { try $0.trap(Boom.self).description.count }.noteEnd("trapped", in: log)
    Deferred<Int>.fail(Boom("abc")).addErrback { error in
      try error.trap(Bang.self)
      return 0
    }.noteEnd("untrapped", in: log)
    #expect(log.lines == ["trapped=3", "untrapped!abc"])
    #expect(Boom().check(Bang.self, Boom.self) == Boom.self && Boom().check(Bang.self) == nil)
  }
}
