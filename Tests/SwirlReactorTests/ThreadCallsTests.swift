import SwirlDeferred
import SwirlTesting
import Testing

@testable import SwirlReactor

private final class Count: Sendable {
  private let number = Guarded(0)
  func add() { number.withLock { $0 += 1 } }
  var value: Int { number.withLock { $0 } }
}

extension Gate {
  fileprivate func open(_ times: Int) { for _ in 0..<times { open() } }
}

/// A stopping reactor and its calls on threads.
@Suite(.failsOnUnhandledFailures) struct ThreadCallsTests {
  let reactor = Reactor()
  private let gate = Gate()
  private let done = Count()

  /// A running call that ends when the gate is opened.
  private func blockThread(mayBeAbandoned: Bool = false) -> Deferred<Void> {
    let begun = Gate()
    let call = reactor.deferToThread(mayBeAbandoned: mayBeAbandoned) { [gate, done] in
      begun.open()
      gate.wait()
      done.add()
    }
    begun.wait()
    return call
  }

  enum Way: CaseIterable { case ownPool, customPool, callInThread }

  @Test(arguments: Way.allCases) func `calls that wait, and calls that run, are finished before run returns`(way: Way) {
    unowned let reactor = reactor
    let custom = ThreadPool(size: 3)
    var results = 0
    let work: @Sendable () -> Void = { [gate, done] in
      gate.wait()
      done.add()
    }
    for _ in 0..<20 {
      switch way {
      case .ownPool: reactor.deferToThread(work).addCallback { results += 1 }
      case .customPool: reactor.deferToThread(in: custom, work).addCallback { results += 1 }
      case .callInThread: reactor.callInThread(in: custom, work)
      }
    }
    // No call can end before the reactor has started to stop.
    reactor.addSystemEventTrigger(.before, .shutdown) { [gate] in gate.open(20) }
    reactor.callSoon { reactor.stop() }
    reactor.runGuarded()
    #expect(done.value == 20 && results == (way == .callInThread ? 0 : 20))
    #expect(reactor.threadCalls.unfinished == 0)
  }

  @Test func `the threads of a group finish theirs before they are stopped`() async throws {
    let group = ReactorGroup(count: 2)
    for thread in group.threads {
      try await thread.run { [gate, done] reactor in
        for _ in 0..<20 {
          reactor.callInThread {
            gate.wait()
            done.add()
          }
        }
        reactor.addSystemEventTrigger(.before, .shutdown) { gate.open(20) }
      }
    }
    await group.stop()
    #expect(done.value == 40)
  }

  @Test func `what callbacks, tasks and late triggers make of it is finished, too`() {
    var order: [String] = []
    unowned let reactor = reactor
    reactor.deferToThread { [gate] in gate.wait() }
      .addCallback { reactor.deferToThread {} }
      .addCallback { order.append("chain") }
    reactor.addSystemEventTrigger(.before, .shutdown) { [gate] in gate.open() }
    reactor.addSystemEventTrigger(.after, .shutdown) {
      order.append("after")
      reactor.deferToThread {}.addCallback { order.append("late") }
    }
    reactor.callSoon { reactor.stop() }
    reactor.runGuarded()
    #expect(order == ["chain", "after", "late"])
  }

  @Test func `a task makes its next call when the last has ended, though the reactor stops`() async throws {
    let thread = ReactorThread()
    let isDone = Flag()
    try await thread.run { [gate, done] reactor in
      Task(executorPreference: reactor.remote) {
        for _ in 0..<3 {
          try await Reactor.current.deferToThread {
            gate.wait()
            done.add()
          }.value
        }
        isDone.set()
      }
      reactor.addSystemEventTrigger(.before, .shutdown) { gate.open(3) }
      // In a later turn: the task has made its first call by then.
      reactor.deferToThread {}.addCallback { reactor.stop() }
    }
    await thread.stop()
    #expect(done.value == 3 && isDone.value)
  }

  @Test func `calls that do not end in time are given up, which the log says, and those not begun never run`() throws {
    unowned let reactor = reactor
    let pool = ThreadPool(size: 1)
    reactor.threadCallTimeLimit = .milliseconds(5)
    var waiting: [Deferred<Void>] = []
    var running: Deferred<Void>?
    let begun = Gate()
    let logs = recordedLogs {
      running = reactor.deferToThread(in: pool, name: "copy") { [gate] in
        begun.open()
        gate.wait()
      }
      for _ in 0..<2 { waiting.append(reactor.deferToThread(in: pool) { [done] in done.add() }) }
      begun.wait()
      reactor.callSoon { reactor.stop() }
      reactor.runGuarded()
    }
    let warnings = logs.filter { $0.hasPrefix("warning") }
    #expect(warnings.count == 1)
    let line = try #require(warnings.first)
    #expect(line.contains("calls on threads did not end within") && line.contains("1 still run (copy)"))
    #expect(line.contains("2 will not be begun") && line.contains("ThreadCallsTests.swift"))
    #expect(line.contains("(2 times)"))
    for deferred in waiting { try failureResult(of: deferred, as: CancelledError.self) }
    // The outcome of a call that could not be stopped arrives in a later run.
    running?.addCallback { reactor.stop() }
    gate.open()
    reactor.runGuarded()
    #expect(try #require(running).isFired && done.value == 0)
  }

  @Test func `a limit of zero waits for nothing`() {
    unowned let reactor = reactor
    reactor.threadCallTimeLimit = .zero
    let call = blockThread()
    let logs = recordedLogs {
      reactor.callSoon { reactor.stop() }
      reactor.runGuarded()
    }
    #expect(logs.contains { $0.contains("1 still run") } && !call.isFired)
    gate.open()
  }

  @Test func `what may be abandoned is not waited for`() {
    unowned let reactor = reactor
    let call = blockThread(mayBeAbandoned: true)
    let logs = recordedLogs {
      reactor.callSoon { reactor.stop() }
      reactor.runGuarded()
    }
    #expect(!call.isFired && logs.isEmpty)
    gate.open()
  }

  @Test func `crash() ends the wait, and says what was given up`() {
    unowned let reactor = reactor
    let call = blockThread()
    var isAfter = false
    reactor.addSystemEventTrigger(.after, .shutdown) { isAfter = true }
    let logs = recordedLogs {
      reactor.addSystemEventTrigger(.before, .shutdown) { reactor.callSoon { reactor.callSoon { reactor.crash() } } }
      reactor.callSoon { reactor.stop() }
      reactor.runGuarded()
    }
    #expect(logs.contains { $0.contains("were not waited for") && $0.contains("1 still run") })
    #expect(!call.isFired && !isAfter)
    gate.open()
  }

  @Test func `what was cancelled before a thread began it never runs, and is released at once`() throws {
    unowned let reactor = reactor
    let pool = ThreadPool(size: 1, maximumWaiting: 100)
    final class Object: Sendable {}
    weak var captured: Object?
    let begun = Gate()
    pool.run { [gate] in
      begun.open()
      gate.wait()
    }
    begun.wait()
    var calls: [Deferred<Void>] = []
    do {
      let object = Object()
      captured = object
      calls = (0..<100).map { _ in
        reactor.deferToThread(in: pool) { [done] in
          _ = object
          done.add()
        }
      }
    }
    for call in calls { call.cancel() }
    #expect(captured == nil)
    // They have also freed their places.
    let others = (0..<100).map { _ in reactor.deferToThread(in: pool) {} }
    gate.open()
    gatherResults(others).addBoth { _ in reactor.stop() }
    reactor.runGuarded()
    #expect(done.value == 0)
    for call in calls { try failureResult(of: call, as: CancelledError.self) }
  }

  @Test func `what was cancelled after a thread began it is finished before run returns`() throws {
    unowned let reactor = reactor
    let call = blockThread()
    call.cancel()
    try failureResult(of: call, as: CancelledError.self)
    reactor.addSystemEventTrigger(.before, .shutdown) { [gate] in gate.open() }
    reactor.callSoon { reactor.stop() }
    reactor.runGuarded()
    #expect(done.value == 1)
  }

  @Test func `a thread may ask the reactor for something while that waits for the thread`() throws {
    unowned let reactor = reactor
    let remote = reactor.remote
    let call = reactor.deferToThread { [gate] in
      gate.wait()
      return try remote.blockingCall { _ in 6 * 7 }
    }
    reactor.addSystemEventTrigger(.before, .shutdown) { [gate] in gate.open() }
    reactor.callSoon { reactor.stop() }
    reactor.runGuarded()
    #expect(try successResult(of: call) == 42)
  }

  @Test func `SIGINT waits for threads, by run and by runUntilComplete`() {
    var probe = Probe("threads at sigint")
    #expect(probe.lines == ["shutdown", "20 done"] && probe.exitCode == 0)
    probe = Probe("threads at the end of a body")
    #expect(probe.lines == ["shutdown", "20 done"] && probe.exitCode == 0)
  }

  @Test(arguments: [("run", Int32(0)), ("runUntilComplete", 130)])
  func `a second SIGINT ends the wait, and says what was given up`(way: String, code: Int32) {
    let probe = Probe("threads at second sigint, \(way)")
    #expect(probe.output.contains("1 still run (never ends)") && probe.exitCode == code)
    #expect(probe.output.contains("ended") == (way == "run"))
  }
}

/// A flag that a task sets on another thread.
private final class Flag: Sendable {
  private let flag = Guarded(false)
  func set() { flag.withLock { $0 = true } }
  var value: Bool { flag.withLock { $0 } }
}
