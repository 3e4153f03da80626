import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

private struct Wrong: Error {}

@Suite(.failsOnUnhandledFailures) struct ReactorTests {
  let reactor = Reactor()

  // MARK: - Order

  @Test func `a turn calls what other threads sent, then callSoon, then timers that are due`() {
    var seen = ""
    reactor.callAt(reactor.now) { seen += "t" }
    reactor.callSoon { seen += "s" }
    nonisolated(unsafe) let note = { seen += "r" }
    reactor.remote.callFromThread { note() }
    reactor.callWhenRunning { seen += "w" }
    reactor.runTurns(1)
    #expect(seen == "wrst")
  }

  @Test func `whatever a turn queues waits for the next`() {
    var seen: [String] = []
    unowned let reactor = reactor
    let past = reactor.now
    func queue(_ name: String) {
      seen.append(name)
      reactor.callSoon { seen.append("soon of \(name)") }
      reactor.callAt(past) { seen.append("timer of \(name)") }
    }
    nonisolated(unsafe) let queueFromThread = { queue("thread") }
    reactor.remote.callFromThread { queueFromThread() }
    reactor.callSoon { queue("soon") }
    reactor.callAt(past) { queue("timer") }
    reactor.runTurns(3)
    #expect(
      seen == [
        "thread", "soon", "timer",
        "soon of thread", "soon of soon", "soon of timer", "timer of thread", "timer of soon", "timer of timer",
      ])
  }

  @Test func `callSoon keeps its order over many turns`() {
    var seen: [Int] = []
    for number in 0..<1000 {
      reactor.callSoon { [unowned reactor] in
        seen.append(number)
        reactor.callSoon { seen.append(1000 + number) }
      }
    }
    reactor.runTurns(3)
    #expect(seen == Array(0..<2000))
  }

  @Test func `callSoon again and again does not keep timers and descriptors waiting`() {
    var turns = 0
    unowned let reactor = reactor
    func again() {
      turns += 1
      reactor.callSoon(again)
    }
    again()
    func stopLater() {
      reactor.callLater(.milliseconds(1)) { turns > 10 ? reactor.stop() : stopLater() }
    }
    stopLater()
    reactor.runGuarded()
    #expect(turns > 10)
  }

  // MARK: - Run and stop

  @Test func `stop ends the run after the turn in which the shutdown is over`() {
    var seen = ""
    reactor.callSoon { [unowned reactor] in
      reactor.stop()
      seen += "a"
    }
    reactor.callSoon { seen += "b" }
    #expect(!reactor.isRunning)
    reactor.callWhenRunning { [unowned reactor] in #expect(reactor.isRunning) }
    reactor.runGuarded()
    #expect(seen == "ab")
    #expect(!reactor.isRunning)
  }

  @Test func `it runs again after it was stopped, and continues with what is left`() {
    var seen = ""
    reactor.callSoon { [unowned reactor] in
      seen += "1"
      reactor.stop()
    }
    reactor.runGuarded()
    reactor.callSoon { [unowned reactor] in
      seen += "2"
      reactor.stop()
    }
    reactor.runGuarded()
    #expect(seen == "12")
  }

  @Test func `stop before run ends it as soon as it has started`() {
    var seen: [String] = []
    reactor.callWhenRunning { seen.append("started") }
    reactor.addSystemEventTrigger(.during, .shutdown) { seen.append("shutdown") }
    reactor.callLater(.seconds(20)) { seen.append("never") }
    reactor.stop()
    reactor.runGuarded()
    #expect(seen == ["started", "shutdown"])
  }

  @Test func `stop of the remote before run does the same`() {
    reactor.remote.stop()
    reactor.runGuarded()
  }

  @Test func `stop in the last turn is not kept for the next run`() {
    unowned let reactor = reactor
    reactor.callSoon {
      reactor.stop()
      reactor.callSoon { reactor.stop() }
    }
    reactor.runGuarded()
    var turns = 0
    for _ in 0..<1 {
      reactor.callSoon {
        reactor.callSoon {
          reactor.callSoon {
            turns += 1; reactor.stop()
          }
        }
      }
    }
    reactor.runGuarded()
    #expect(turns == 1)
  }

  @Test func `crash ends the run after the present turn, without a shutdown`() {
    var seen = ""
    unowned let reactor = reactor
    reactor.addSystemEventTrigger(.before, .shutdown) { seen += "shutdown" }
    reactor.callSoon {
      reactor.crash()
      seen += "a"
      reactor.callSoon { seen += "next turn" }
    }
    reactor.callAt(reactor.now) { seen += "b" }
    reactor.runGuarded()
    #expect(seen == "ab")
  }

  @Test func `crash while a shutdown is waited for ends that`() {
    unowned let reactor = reactor
    let waited = Deferred<Void>()
    var seen: [String] = []
    reactor.addSystemEventTrigger(.before, .shutdown) { waited }
    reactor.addSystemEventTrigger(.during, .shutdown) { seen.append("during") }
    reactor.callSoon {
      reactor.stop()
      reactor.callSoon { reactor.callSoon { reactor.crash() } }
    }
    reactor.runGuarded()
    #expect(seen.isEmpty)
    // In the next run: work left over from the first run must not end it.
    reactor.callSoon {
      waited.callback()
      reactor.callSoon {
        reactor.callSoon {
          seen.append("second run"); reactor.crash()
        }
      }
    }
    reactor.runGuarded()
    #expect(seen == ["second run"])
  }

  @Test func `a run inside a run of the same reactor is refused`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let reactor = Reactor()
      reactor.callSoon { reactor.run() }
      reactor.run()
    }
    #expect(words(of: result).contains("this reactor runs already"))
  }

  @Test func `callWhenRunning calls at once when it runs, and once when it starts to`() {
    var seen = ""
    unowned let reactor = reactor
    reactor.callWhenRunning { seen += "a" }
    reactor.callWhenRunning { seen += "b" }
    #expect(seen == "")
    reactor.callSoon {
      reactor.callWhenRunning { seen += "c" }
      seen += "d"
      reactor.stop()
    }
    reactor.runGuarded()
    reactor.runTurns(1)
    #expect(seen == "abcd")
  }

  // MARK: - Callbacks that throw or take long

  @Test func `a callback that throws is logged with the place that made it, and the loop continues`() throws {
    unowned let reactor = reactor
    var calls = 0
    let line = UInt(#line)
    let logs = recordedLogs {
      reactor.callSoon { throw Wrong() }
      reactor.callLater(.zero) { throw Wrong() }
      reactor.callAt(reactor.now) { throw Wrong() }
      reactor.callWhenRunning { throw Wrong() }
      reactor.remote.callFromThread { throw Wrong() }
      reactor.remote.callFromThread { _ in throw Wrong() }
      reactor.callLater(.milliseconds(1)) {
        calls += 1
        reactor.stop()
      }
      reactor.runGuarded()
    }
    #expect(calls == 1)
    let lines = (2...7).map { (offset: UInt) in
      "error: the callback made at SwirlReactorTests/ReactorTests.swift:\(line + offset) threw: Wrong()"
    }
    #expect(Set(logs) == Set(lines) && logs.count == 6)
  }

  @Test func `a slow callback is logged with the place that made it`() {
    unowned let reactor = reactor
    func spin() {
      let start = reactor.now
      while reactor.now - start < .milliseconds(3) {}
    }
    let line = UInt(#line)
    let logs = recordedLogs {
      reactor.slowCallbackThreshold = .milliseconds(3)
      reactor.callSoon { spin() }
      reactor.callLater(.zero) { spin() }
      nonisolated(unsafe) let spin = spin
      reactor.remote.callFromThread { spin() }
      reactor.callSoon {}
      reactor.callSoon { reactor.stop() }
      reactor.runGuarded()
    }
    for offset in [3, 4, 6] as [UInt] {
      let words = "warning: the callback made at SwirlReactorTests/ReactorTests.swift:\(line + offset) ran for "
      #expect(logs.contains { $0.hasPrefix(words) && $0.hasSuffix(" ms; nothing else ran meanwhile") }, "\(logs)")
    }
  }

  @Test func `without a threshold nothing is measured`() {
    let logs = recordedLogs {
      let start = reactor.now
      reactor.callSoon { [unowned reactor] in while reactor.now - start < .milliseconds(3) {} }
      reactor.runTurns(2)
    }
    #expect(logs.isEmpty)
  }

  // MARK: - Lifetimes

  @Test func `a reactor that is released releases its pending calls`() {
    final class Object {}
    weak var soon: Object?
    weak var timer: Object?
    weak var cycle: DelayedCall?
    do {
      let reactor = Reactor()
      let captured = (Object(), Object())
      soon = captured.0
      timer = captured.1
      reactor.callSoon { _ = captured.0 }
      reactor.callLater(.seconds(20)) { _ = captured.1 }
      var call: DelayedCall?
      call = reactor.callLater(.seconds(20)) { call?.cancel() }
      cycle = call
    }
    #expect(soon == nil && timer == nil && cycle == nil)
  }

  @Test func `objects of a released reactor do nothing`() {
    var reactor: Reactor? = Reactor()
    let remote = reactor!.remote
    let call = reactor!.callLater(.zero) {}
    let sleep = reactor!.sleep(.seconds(1))
    let work = reactor!.deferToThread { 1 }
    let trigger = Deferred<Void>()
    reactor!.addSystemEventTrigger(.before, .shutdown) { trigger }
    reactor!.callSoon { [unowned reactor = reactor!] in
      reactor.stop()
      reactor.callSoon { reactor.callSoon { reactor.crash() } }
    }
    reactor!.runGuarded()
    reactor = nil
    remote.callFromThread { Issue.record("there is no reactor to call it") }
    remote.stop()
    call.reset(.seconds(1))
    call.delay(.seconds(1))
    call.cancel()
    #expect(!call.isActive)
    trigger.callback()
    for deferred in [sleep] { deferred.addErrback { _ in }.cancel() }
    work.addErrback { _ in 0 }.cancel()
  }

  @Test func `descriptors are back where they were after many reactors`() async {
    // In its own process, because other tests open descriptors, too.
    await #expect(processExitsWith: .success) {
      func make(_ count: Int) {
        for _ in 0..<count {
          let reactor = Reactor()
          reactor.callLater(.seconds(20)) {}
          reactor.stop()
          reactor.run()
        }
      }
      make(10)
      let before = openDescriptors()
      make(1000)
      // The process opens a few others at any time: timers of Dispatch, pipes of the tests.
      let left = openDescriptors() - before
      precondition(left < 100, "a thousand reactors left \(left) descriptors")
    }
  }
}
