import SwirlReactor
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct RemoteReactorTests {
  let reactor = Reactor()

  /// Records calls. Unchecked, because only the reactor's thread accesses it, on which the test also runs.
  private final class Seen: @unchecked Sendable {
    var next = [Int](repeating: 0, count: 8)
    var total = 0
    var calls: [String] = []
  }

  @Test func `calls from eight threads all arrive, those of a thread in their order`() {
    let seen = Seen()
    let remote = reactor.remote
    let count = 100_000
    for thread in 0..<8 {
      startThread {
        for number in 0..<count {
          remote.callFromThread { reactor in
            if seen.next[thread] != number { Issue.record("\(number) of \(thread) came as \(seen.next[thread])") }
            seen.next[thread] += 1
            seen.total += 1
            if seen.total == 8 * count { reactor.stop() }
          }
        }
      }
    }
    reactor.runGuarded(atMost: .seconds(120))
    #expect(seen.next == Array(repeating: count, count: 8))
  }

  @Test func `an idle reactor is woken, each time`() {
    let remote = reactor.remote
    let seen = Seen()
    let isCalled = Gate()
    startThread {
      for number in 0..<1000 {
        remote.callFromThread { reactor in
          seen.total += 1
          if number == 999 { reactor.stop() }
          isCalled.open()
        }
        // The reactor has no work, and goes to sleep.
        isCalled.wait()
      }
    }
    reactor.runGuarded()
    #expect(seen.total == 1000)
  }

  @Test func `calls before the run are kept for it, in order`() {
    let seen = Seen()
    let done = Gate()
    let remote = reactor.remote
    startThread {
      remote.callFromThread { seen.calls.append("a") }
      remote.callFromThread { seen.calls.append("b") }
      remote.stop()
      done.open()
    }
    done.wait()
    #expect(seen.calls.isEmpty)
    reactor.runGuarded()
    #expect(seen.calls == ["a", "b"])
  }

  @Test func `calls between two runs are kept for the second`() {
    let seen = Seen()
    reactor.runTurns(1)
    reactor.remote.callFromThread { seen.calls.append("a") }
    reactor.runTurns(1)
    #expect(seen.calls == ["a"])
  }

  @Test func `a call from the reactor's own thread waits until the present callback has returned`() {
    let seen = Seen()
    unowned let reactor = reactor
    reactor.callSoon {
      reactor.remote.callFromThread { reactor in
        seen.calls.append("call")
        reactor.stop()
      }
      seen.calls.append("callback")
    }
    reactor.runGuarded()
    #expect(seen.calls == ["callback", "call"])
  }

  @Test func `what was sent to a released reactor is released and never called`() {
    final class Object: Sendable {}
    weak var before: Object?
    weak var after: Object?
    var reactor: Reactor? = Reactor()
    let remote = reactor!.remote
    do {
      let object = Object()
      before = object
      remote.callFromThread { Issue.record("\(object)") }
    }
    #expect(before != nil)
    reactor = nil
    #expect(before == nil)
    do {
      let object = Object()
      after = object
      remote.callFromThread { Issue.record("\(object)") }
    }
    #expect(after == nil)
  }

  @Test func `what a call captures is released on the reactor's side, after its turn`() {
    final class Object: Sendable {}
    weak var weakObject: Object?
    do {
      let object = Object()
      weakObject = object
      reactor.remote.callFromThread { _ = object }
    }
    reactor.runTurns(2)
    #expect(weakObject == nil)
  }

  @Test func `stop comes from any thread`() {
    let remote = reactor.remote
    startThread { remote.stop() }
    reactor.runGuarded()
  }
}
