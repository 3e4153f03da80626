import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct CallStackTurnTests {
  @Test func `a callback that is added where a program's own frames have filled the stack runs in the same turn`() {
    let reactor = Reactor()
    var depth = 0
    var ranAt: Int?
    func descend() -> Int {
      depth += 1
      defer { depth -= 1 }
      if CallStack.isLow {
        Deferred.succeed(1).addCallback { _ in
          ranAt = depth
          reactor.stop()
        }
        return depth
      }
      return descend() + 1
    }
    var deepest = 0
    reactor.callWhenRunning { deepest = descend() }
    reactor.run()
    #expect(deepest > 1 && ranAt == 0)
  }
}
