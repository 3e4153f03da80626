import SwirlDeferred
import Testing

/// Callbacks that take anything, as `print` does: Swift gives the one before them the return type `Any`.
@Suite(.reported) struct DeferredAnyValueTests {
  private final class Taken {
    var words: [String] = []
    func take(_ values: Any...) { words += values.map { "\($0)" } }
  }
  private let taken = Taken()

  @Test func aReturnedDeferredIsWaitedFor() {
    let inner = Deferred<Int>()
    var count = 0
    let source = Deferred<Int>()
    source.addCallback { number in
      count += number
      return inner
    }.addCallback { [taken] in taken.take("got", $0) }
    source.callback(1)
    #expect(count == 1 && taken.words.isEmpty)
    inner.callback(5)
    #expect(taken.words == ["got", "5"])
  }

  @Test func soIsOneThatHasItsResultAndOneOfTheOtherForms() {
    let fired = Deferred.succeed("x")
    Deferred.succeed(1).addBoth { _ in
      let inner = fired
      return inner
    }.addCallback { [taken] in taken.take("both", $0) }
    Deferred.succeed(1).addCallbacks { _ in
      let inner = fired
      return inner
    } _: { _ in
      let inner = fired
      return inner
    }.addCallback { [taken] in taken.take("either", $0) }
    #expect(taken.words == ["both", "x", "either", "x"])
  }

  @Test func soIsOneThatAnErrbackReturns() {
    struct Typed: Error {}
    for error in [Boom(), Typed()] as [any Error] {
      let inner = Deferred<String>()
      let failed = Deferred<Any>.fail(error)
      let stage =
        error is Typed
        ? failed.addErrback(Typed.self) { _ -> Any in inner } : failed.addErrback { _ -> Any in inner }
      stage.addCallback { [taken] in taken.take("after", $0) }
      #expect(!stage.isFired)
      inner.callback("x")
    }
    #expect(taken.words == ["after", "x", "after", "x"])
  }

  @Test func itsFailureAndACancellationPass() {
    let (failing, cancelled) = (Deferred<Int>(), Deferred<Int>())
    for inner in [failing, cancelled] {
      let stage = Deferred.succeed(1).addCallback { _ -> Any in
        let returned = inner
        return returned
      }
      stage.addErrback { [taken] error in
        taken.take(error)
        return 0
      }
      if inner === cancelled { stage.cancel() }
    }
    failing.errback(Boom())
    #expect(cancelled.isFired && taken.words.count == 2 && taken.words[1] == "\(Boom())")
  }

  @Test func anyOtherValueIsItself() {
    Deferred.succeed(1).addCallback { number in
      let sum = number + 1
      return sum
    }.addCallback { [taken] in taken.take("got", $0) }
    #expect(taken.words == ["got", "2"])
  }
}
