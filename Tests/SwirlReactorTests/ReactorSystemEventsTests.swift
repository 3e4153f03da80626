import SwirlDeferred
import SwirlTesting
import Testing

@testable import SwirlReactor

private struct Wrong: Error {}

@Suite(.failsOnUnhandledFailures) struct ReactorSystemEventsTests {
  let reactor = Reactor()

  private func add(_ phase: SystemEventPhase, _ event: SystemEvent, _ body: @escaping () throws -> Void) {
    reactor.addSystemEventTrigger(phase, event, body)
  }

  @Test func `phases come in order, triggers in the order added, however they were mixed`() {
    var seen: [String] = []
    for round in 1...2 {
      for phase in [SystemEventPhase.after, .during, .before] {
        add(phase, .shutdown) { seen.append("shutdown \(phase) \(round)") }
        add(phase, .startup) { seen.append("startup \(phase) \(round)") }
      }
    }
    add(.after, .startup) { seen.append("-") }
    reactor.runTurns(1)
    func all(_ event: String) -> [String] {
      ["before", "during", "after"].flatMap { ["\(event) \($0) 1", "\(event) \($0) 2"] }
    }
    #expect(seen == all("startup") + ["-"] + all("shutdown"))
  }

  @Test func `they are called in each run`() {
    var seen: [String] = []
    add(.before, .startup) { seen.append("startup") }
    add(.before, .shutdown) { seen.append("shutdown") }
    reactor.runTurns(1)
    reactor.runTurns(1)
    #expect(seen == ["startup", "shutdown", "startup", "shutdown"])
  }

  @Test func `the Deferreds of a phase are waited for together, while the loop turns`() {
    unowned let reactor = reactor
    var seen: [String] = []
    for milliseconds in [4, 2] {
      reactor.addSystemEventTrigger(.before, .shutdown) {
        reactor.sleep(.milliseconds(milliseconds)).addCallback { seen.append("\(milliseconds)") }
      }
    }
    add(.before, .shutdown) { seen.append("no Deferred") }
    add(.during, .shutdown) { seen.append("during") }
    reactor.runTurns(1)
    #expect(seen == ["no Deferred", "2", "4", "during"])
  }

  @Test func `Deferreds are waited for in each phase`() {
    unowned let reactor = reactor
    var seen: [SystemEventPhase] = []
    for phase in [SystemEventPhase.before, .during, .after] {
      reactor.addSystemEventTrigger(phase, .shutdown) {
        reactor.sleep(.milliseconds(1)).addCallback { seen.append(phase) }
      }
    }
    reactor.runTurns(1)
    #expect(seen == [.before, .during, .after])
  }

  @Test func `a trigger that throws, or whose Deferred fails, is logged, and the rest still run`() {
    var seen = ""
    let line = UInt(#line)
    let logs = recordedLogs {
      reactor.addSystemEventTrigger(.before, .shutdown) { throw Wrong() }
      reactor.addSystemEventTrigger(.before, .shutdown) { Deferred<Void>.fail(Wrong()) }
      add(.before, .shutdown) { seen += "a" }
      add(.after, .shutdown) { seen += "b" }
      reactor.runTurns(1)
    }
    #expect(seen == "ab")
    let file = "SwirlReactorTests/ReactorSystemEventsTests.swift"
    #expect(
      logs == [
        "error: the callback made at \(file):\(line + 2) threw: Wrong()",
        "error: the Deferred of the trigger made at \(file):\(line + 3) failed: Wrong()",
      ])
  }

  @Test func `a trigger that was removed is not called, also when one before it removed it`() {
    unowned let reactor = reactor
    var seen = ""
    var later: SystemEventTrigger?
    reactor.removeSystemEventTrigger(
      reactor.addSystemEventTrigger(.before, .shutdown) { seen += "never" })
    add(.before, .shutdown) {
      seen += "a"
      reactor.removeSystemEventTrigger(later!)
    }
    later = reactor.addSystemEventTrigger(.before, .shutdown) { seen += "never" }
    add(.before, .shutdown) { seen += "b" }
    reactor.runTurns(1)
    #expect(seen == "ab")
  }

  @Test func `a trigger that a trigger adds is called when its time is still to come`() {
    unowned let reactor = reactor
    var seen = ""
    add(.during, .shutdown) {
      seen += "a"
      reactor.addSystemEventTrigger(.during, .shutdown) { seen += "b" }
      reactor.addSystemEventTrigger(.after, .shutdown) { seen += "c" }
      reactor.addSystemEventTrigger(.before, .shutdown) { seen += "never" }
    }
    reactor.runTurns(1)
    #expect(seen == "abc")
  }

  @Test func `stop during a shutdown changes nothing`() {
    unowned let reactor = reactor
    var seen = ""
    reactor.addSystemEventTrigger(.before, .shutdown) {
      reactor.stop()
      return reactor.sleep(.milliseconds(1)).addCallback { reactor.stop() }
    }
    add(.after, .shutdown) {
      seen += "a"
      reactor.stop()
    }
    reactor.runTurns(1)
    #expect(seen == "a")
    // They do not end the next run.
    reactor.runTurns(3)
  }

  @Test func `a startup is waited for, and goes no further when the run ends meanwhile`() {
    unowned let reactor = reactor
    var waits = [Deferred<Void>(), Deferred<Void>()]
    var seen: [String] = []
    reactor.addSystemEventTrigger(.before, .startup) { waits.removeFirst() }
    reactor.callWhenRunning { seen.append("running") }
    add(.during, .startup) { seen.append("during") }
    let (first, second) = (waits[0], waits[1])
    reactor.runTurns(2)
    #expect(seen.isEmpty)
    reactor.callSoon {
      first.callback()
      #expect(seen.isEmpty)
      second.callback()
      reactor.stop()
    }
    reactor.runGuarded()
    #expect(seen == ["during", "running"])
  }

  @Test func `crash in a trigger ends the run, and no more of them are called`() {
    unowned let reactor = reactor
    var seen = ""
    add(.before, .shutdown) {
      seen += "a"
      reactor.crash()
    }
    add(.before, .shutdown) { seen += "b" }
    add(.after, .shutdown) { seen += "c" }
    reactor.runTurns(1)
    #expect(seen == "a")
  }

  /// Removes its trigger when it is released.
  private final class Owner {
    private let reactor: Reactor
    private let trigger: SystemEventTrigger
    init(_ reactor: Reactor) {
      self.reactor = reactor
      trigger = reactor.addSystemEventTrigger(.after, .shutdown) {}
    }
    deinit { reactor.removeSystemEventTrigger(trigger) }
  }

  @Test func `what a trigger holds may remove others when it is released with it`() {
    for isRetired in [false, true] {
      var owner: Owner? = Owner(reactor)
      let trigger = reactor.addSystemEventTrigger(.before, .shutdown) { [owner] in withExtendedLifetime(owner) {} }
      owner = nil
      if isRetired { reactor.retire() } else { reactor.removeSystemEventTrigger(trigger) }
      #expect(reactor.triggers[.shutdown, default: []].isEmpty)
    }
  }
}
