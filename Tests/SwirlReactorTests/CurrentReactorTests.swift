import SwirlReactor
import Testing

@Suite struct CurrentReactorTests {
  @Test func `on the main thread it is the main one, or the one that runs there`() {
    #expect(Probe("current").lines == ["true true", "true", "true"])
  }

  @Test func `in a callback it is the one that runs, also when one runs inside another`() {
    let outer = Reactor()
    let inner = Reactor()
    var seen: [Bool] = []
    inner.callSoon {
      seen.append(Reactor.current === inner)
      inner.stop()
    }
    outer.callSoon {
      inner.runGuarded()
      seen.append(Reactor.current === outer)
      outer.stop()
    }
    outer.runGuarded()
    #expect(seen == [true, true])
  }

  @Test func `where no reactor runs, asking for it says what to do`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      await Task.detached { _ = Reactor.current }.value
    }
    #expect(words(of: result).contains("this thread has no reactor"))
  }
}
