import SwirlDeferred
import Testing

@Suite(.reported) struct CallbacksTests {
  let log = Log()

  /// The result of each verb for a success and for a failure.
  @Test func eachVerbRunsForWhatItsNameSays() {
    let verbs: [(String, (Deferred<Int>) -> Deferred<Int>, String, String)] = [
      ("addCallback", { $0.addCallback { $0 + 1 } }, "=2", "!boom"),
      ("addCallback inner", { $0.addCallback { .succeed($0 + 1) } }, "=2", "!boom"),
      ("addErrback", { $0.addErrback { _ in 7 } }, "=1", "=7"),
      ("addErrback inner", { $0.addErrback { _ in .succeed(7) } }, "=1", "=7"),
      ("addCallbacks", { $0.addCallbacks({ $0 + 1 }, { _ in 7 }) }, "=2", "=7"),
      ("addCallbacks inner", { $0.addCallbacks({ .succeed($0 + 1) }, { _ in .succeed(7) }) }, "=2", "=7"),
      ("addBoth", { $0.addBoth { ((try? $0.get()) ?? 6) + 1 } }, "=2", "=7"),
      ("addBoth inner", { $0.addBoth { .succeed(((try? $0.get()) ?? 6) + 1) } }, "=2", "=7"),
      ("throws", { $0.addCallback { (_: Int) throws -> Int in throw Boom("thrown") } }, "!thrown", "!boom"),
      ("rethrows", { $0.addErrback { throw $0 } }, "=1", "!boom"),
      ("errback throws", { $0.addErrback { _ in throw Boom("other") } }, "=1", "!other"),
      ("both throws", { $0.addBoth { _ throws -> Int in throw Boom("thrown") } }, "!thrown", "!thrown"),
      ("inner fails", { $0.addCallback { _ -> Deferred<Int> in .fail(Boom("inner")) } }, "!inner", "!boom"),
    ]
    for (name, verb, ofSuccess, ofFailure) in verbs {
      for firedFirst in [true, false] {
        for (result, expected) in [(.success(1), ofSuccess), (.failure(Boom()), ofFailure)]
          as [(Result<Int, any Error>, String)]
        {
          let d = Deferred<Int>()
          if firedFirst { d.fire(with: result) }
          verb(d).noteEnd(name, in: log)
          if !firedFirst { d.fire(with: result) }
          #expect(log.take() == [name + expected])
        }
      }
    }
  }

  @Test func anErrorOfTheCallbackGoesToTheNextStageNotToItsOwnErrback() {
    Deferred.succeed(1)
      .addCallbacks(
        { (_: Int) throws -> Int in throw Boom("callback") },
        { [log] _ in
          log("own errback"); return 0
        }
      )
      .noteEnd("next", in: log)
    #expect(log.lines == ["next!callback"])
  }

  @Test func aRecoveredChainContinuesAsASuccess() {
    Deferred<Int>.fail(Boom()).addCallback { $0 + 1 }.addErrback { _ in 10 }.addCallback { $0 + 1 }
      .noteEnd("end", in: log)
    #expect(log.lines == ["end=11"])
  }

  @Test func eachCallbackRunsOnce() {
    var count = 0
    let d = Deferred<Int>()
    d.addCallback { _ in count += 1 }
    d.callback(1)
    d.addCallback { _ in }
    d.pause()
    d.unpause()
    #expect(count == 1)
  }

  @Test func failingInTheMiddleOfForksLeavesTheOthersAlone() {
    let d = Deferred<Int>()
    d.addCallback { (_: Int) throws -> Int in throw Boom() }.noteEnd("one", in: log)
    d.addCallback { $0 + 1 }.noteEnd("two", in: log)
    d.callback(1)
    #expect(log.lines == ["one!boom", "two=2"])
  }
}
