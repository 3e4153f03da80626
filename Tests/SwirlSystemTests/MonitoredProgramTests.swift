import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlSystem

extension SystemTests {
  @Suite(.failsOnUnhandledFailures) struct MonitoredProgramTests {
    /// Notes the states; process IDs are left out.
    private final class Log {
      var states: [String] = []

      func note(_ state: MonitoredProgram.State) {
        switch state {
        case .stopped: states.append("stopped")
        case .running: states.append("running")
        case .waiting(_, let end): states.append("waiting after \(end)")
        case .stopping: states.append("stopping")
        case .finished(let status): states.append("finished: \(status)")
        case .failed(let error): states.append("\(error)")
        }
      }
    }

    private let quick = Backoff(attempts: .max, firstDelay: .milliseconds(1), maximumDelay: .milliseconds(2))

    private func monitored(
      _ reactor: Reactor, _ log: Log, _ script: String, backoff: Backoff? = nil, starts: StartLimit? = nil
    ) -> MonitoredProgram {
      let program = MonitoredProgram("shell", backoff: backoff ?? quick, on: reactor) { reactor in
        try reactor.spawnProcess("sh", ["-c", script], standardOutput: .pipe, hasOwnGroup: true)
      }
      program.startLimit = starts
      program.onStateChange = { log.note($0) }
      return program
    }

    /// Fires when the program has one of the last states.
    private func end(of program: MonitoredProgram, _ log: Log) -> Deferred<Void> {
      let ended = Deferred<Void>()
      program.onStateChange = { state in
        log.note(state)
        switch state {
        case .finished, .failed: ended.callback()
        default: break
        }
      }
      return ended
    }

    @Test func `a program that ends is started again, until it was started too often`() throws {
      let log = Log()
      try withReactor { reactor in
        let program = monitored(reactor, log, "exit 3", starts: StartLimit(count: 3, within: .seconds(60)))
        let ended = end(of: program, log)
        program.start()
        return ended.addCallback { #expect(program.starts == 3) }
      }
      let again = "waiting after exit code 3"
      #expect(log.states.dropLast() == ["running", again, "running", again, "running", again])
      #expect(
        log.states.last
          == "keep running shell: it was started 3 times within 60.0 seconds; the last time: exit code 3")
    }

    // Pauses are random: a limit that the longest ones exceed would be a matter of luck.
    @Test func `by default a program that ends at once is given up, however long the pauses`() throws {
      try withReactor { reactor in
        let program = MonitoredProgram("shell", on: reactor) { try $0.spawnProcess("false") }
        let limit = try #require(program.startLimit)
        let longest = (0..<limit.count).map {
          min(program.backoff.firstDelay * (1 << $0), program.backoff.maximumDelay)
        }
        #expect(longest.reduce(.zero, +) < limit.interval - .seconds(2))
        return .succeed()
      }
    }

    @Test func `the backoff's number of attempts counts, too, and a program that cannot start`() throws {
      let log = Log()
      try withReactor { reactor in
        let backoff = Backoff(attempts: 2, firstDelay: .milliseconds(1), maximumDelay: .milliseconds(1))
        let program = MonitoredProgram("ghost", backoff: backoff, on: reactor) {
          try $0.spawnProcess("/no/such/program")
        }
        let ended = end(of: program, log)
        program.start()
        return ended
      }
      #expect(log.states.count == 2 && log.states[0].hasPrefix("waiting after start /no/such/program"))
      #expect(log.states[1].hasPrefix("keep running ghost: it ended 2 times; the last time: start /no/such/program"))
    }

    @Test(arguments: [(RestartPolicy.never, "exit 1"), (.onFailure, "exit 0")])
    func `a policy leaves it ended`(_ policy: RestartPolicy, _ script: String) throws {
      let log = Log()
      try withReactor { reactor in
        let program = monitored(reactor, log, script)
        program.policy = policy
        let ended = end(of: program, log)
        program.start()
        return ended
      }
      #expect(log.states == ["running", "finished: exit code \(script.suffix(1))"])
    }

    @Test func `stop ends one that ignores TERM by KILL, with its children`() throws {
      let log = Log()
      var child: Int32 = 0
      try withReactor { reactor in
        let program = monitored(reactor, log, "trap '' TERM; sleep 1000 & echo $!; wait; sleep 1000")
        program.stopTimeout = .milliseconds(20)
        let stopped = Deferred<Void>()
        program.onStart = { process in
          process.standardOutput.forEach { piece in
            child = Int32(piece.text.filter(\.isNumber)) ?? 0
            program.stop().addCallback { stopped.callback() }
          }
        }
        program.start()
        return stopped.addCallback { #expect(program.process == nil) }
      }
      #expect(log.states == ["running", "stopping", "stopped"])
      let limit = ContinuousClock.now + .seconds(20)
      while isRunning(child), ContinuousClock.now < limit { sched_yield() }
      #expect(child > 0 && !isRunning(child))
    }

    @Test func `restart starts it at once when it has ended, and start during a stop as well`() throws {
      let log = Log()
      try withReactor { reactor in
        let program = monitored(reactor, log, "echo ready; exec sleep 1000")
        let done = Deferred<Void>()
        program.onStart = { process in
          process.standardOutput.forEach { _ in
            switch program.starts {
            case 1: program.restart()
            case 2:
              program.stop()
              program.start()
            default: program.stop().addCallback { done.callback() }
            }
          }
        }
        program.start()
        return done
      }
      let once = ["running", "stopping"]
      #expect(log.states == once + once + once + ["stopped"])
    }

    @Test func `a pause is ended by stop, and skipped by restart`() throws {
      let log = Log()
      try withReactor { reactor in
        let slow = Backoff(attempts: .max, firstDelay: .seconds(3600), maximumDelay: .seconds(3600))
        let program = monitored(reactor, log, "exit 1", backoff: slow)
        let done = Deferred<Void>()
        program.onStateChange = { state in
          log.note(state)
          guard case .waiting = state else { return }
          if program.starts == 1 { return reactor.callSoon { program.restart() } }
          program.stop().addCallback { done.callback() }
        }
        program.start()
        return done.addCallback { #expect(program.starts == 2) }
      }
      let once = ["running", "waiting after exit code 1", "stopped"]
      #expect(log.states == once + once)
    }

    @Test func `it may be stopped in each callback, and released`() throws {
      for place in ["running", "onStart", "waiting"] {
        let log = Log()
        weak var weakly: MonitoredProgram?
        try withReactor { reactor in
          let program = monitored(reactor, log, "exit 1")
          weakly = program
          let done = Deferred<Void>()
          program.onStart = { [unowned program] _ in
            if place == "onStart" { program.stop().addCallback { done.callback() } }
          }
          program.onStateChange = { [unowned program] state in
            log.note(state)
            if case .running = state, place == "running" { program.stop().addCallback { done.callback() } }
            if case .waiting = state, place == "waiting" { program.stop().addCallback { done.callback() } }
          }
          program.start()
          return done
        }
        #expect(log.states.last == "stopped")
        #expect(weakly == nil, "\(place)")
      }
    }

    @Test func `a reactor that stops ends its programs first`() throws {
      let log = Log()
      let reactor = Reactor()
      let program = monitored(reactor, log, "echo ready; exec sleep 1000")
      program.onStart = { $0.standardOutput.forEach { _ in reactor.stop() } }
      program.start()
      reactor.run()
      #expect(log.states == ["running", "stopping", "stopped"] && program.process == nil)
    }

    @Test func `several programs by name`() throws {
      var states: [String] = []
      try withReactor { reactor in
        let monitor = ProcessMonitor(on: reactor)
        let done = Deferred<Void>()
        monitor.add("one", "sleep", ["1000"])
        monitor.add("two", "true", policy: .onFailure)
        monitor.onStateChange = { program, state in
          if case .finished = state {
            states.append("\(program.name) has finished")
            monitor.add("three", "sleep", ["1000"])
          }
          if case .running = state, program.name == "three" {
            reactor.callSoon {
              gather(monitor.remove("one"), monitor.stop()).addCallback { _, _ in done.callback() }
            }
          }
        }
        monitor.start()
        return done.addCallback {
          #expect(monitor["one"] == nil && monitor.programs.map(\.name) == ["two", "three"])
          #expect(monitor.programs.allSatisfy { $0.process == nil })
        }
      }
      #expect(states == ["two has finished"])
    }

    @Test func `stopped by its own closure, it does not run`() throws {
      let log = Log()
      try withReactor { reactor in
        var program: MonitoredProgram!
        let ended = Deferred<ProcessStatus>()
        program = MonitoredProgram("shell", on: reactor) { reactor in
          program.stop()
          let process = try reactor.spawnProcess("sleep", ["1000"], hasOwnGroup: true)
          process.ended.addCallback { ended.callback($0) }
          return process
        }
        program.onStateChange = { log.note($0) }
        program.start()
        return ended.addCallback { status in
          #expect(status == .signalled(SIGTERM) && program.process == nil)
          program = nil
        }
      }
      #expect(log.states == ["stopped"])
    }

    @Test func `the children of one that has ended are killed before it starts again`() throws {
      let log = Log()
      var children: [Int32] = []
      try withReactor { reactor in
        let program = monitored(reactor, log, "sleep 1000 >/dev/null 2>&1 & echo $!; exit 1")
        let done = Deferred<Void>()
        program.onStart = { process in
          if program.starts == 2 {
            let limit = ContinuousClock.now + .seconds(20)
            while isRunning(children[0]), ContinuousClock.now < limit { sched_yield() }
            #expect(!isRunning(children[0]))
            return program.stop().chainDeferred(done)
          }
          process.standardOutput.forEach { children.append(Int32($0.text.filter(\.isNumber)) ?? 0) }
        }
        program.start()
        return done
      }
      #expect(children.count == 1)
    }

    @Test func `stopping again and again does not postpone the kill`() throws {
      let log = Log()
      try withReactor { reactor in
        let program = monitored(reactor, log, "trap '' TERM; echo ready; while :; do sleep 0.01; done")
        program.stopTimeout = .milliseconds(100)
        let stopped = Deferred<Void>()
        program.onStart = { process in
          process.standardOutput.forEach { _ in
            program.stop().addCallback { if !stopped.isFired { stopped.callback() } }
            func again() {
              if stopped.isFired { return }
              program.stop()
              reactor.callLater(.milliseconds(5)) { again() }
            }
            again()
          }
        }
        program.start()
        return stopped
      }
      #expect(log.states == ["running", "stopping", "stopped"])
    }
  }
}
