import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlSystem

#if os(Linux)
extension SystemTests {
  @Suite(.failsOnUnhandledFailures) struct ChildTerminalTests {
    /// The output of a shell on a terminal, whose lines `body` may answer.
    private func run(
      _ script: String, size: ChildTerminalSize = ChildTerminalSize(),
      _ body: @escaping (ChildProcess, String) -> Void = { _, _ in }
    ) throws -> (text: String, status: ProcessStatus) {
      var text = ""
      let status = try withReactor { reactor in
        let process = try reactor.spawnProcess("sh", ["-c", script], terminal: size)
        process.standardOutput.forEach { piece in
          text += piece.text
          body(process, text)
        }
        return process.ended
      }
      return (text, status)
    }

    @Test func `it is a terminal with its size, and the controlling one`() throws {
      let script = "stty size; test -t 2 && echo is; exec 3<>/dev/tty && echo owns"
      let result = try run(script, size: ChildTerminalSize(rows: 31, columns: 97))
      #expect(result.text == "31 97\r\nis\r\nowns\r\n" && result.status == .exited(0))
    }

    @Test func `the size changes, and the program receives SIGWINCH`() throws {
      let script = "trap 'stty size; exit 4' WINCH; echo ready; while :; do read line; done"
      let result = try run(script) { process, text in
        if text == "ready\r\n" { process.resize(to: ChildTerminalSize(rows: 50, columns: 132)) }
      }
      #expect(result.text == "ready\r\n50 132\r\n" && result.status == .exited(4))
    }

    @Test func `the size changes also when the input is closed`() throws {
      let script = "trap 'stty size </dev/tty; exit 4' WINCH; read line; echo; echo ready; while :; do sleep 0.01; done"
      let result = try run(script) { process, text in
        if text.hasSuffix("ready\r\n") { process.resize(to: ChildTerminalSize(rows: 50, columns: 132)) }
      } start: {
        $0.standardInput.close()
      }
      #expect(result.text.hasSuffix("ready\r\n50 132\r\n") && result.status == .exited(4))
    }

    @Test func `what is written is echoed, and Ctrl-C reaches the program`() throws {
      var isTyped = false
      let result = try run("read line; echo \"got $line\"; exec sleep 1000") { process, text in
        if text.hasSuffix("got typed\r\n"), !isTyped {
          isTyped = true
          process.standardInput.write("\u{3}")
        }
      } start: {
        $0.standardInput.write("typed\n")
      }
      #expect(result.text.hasPrefix("typed\r\ngot typed\r\n"))
      #expect(result.status == .signalled(SIGINT))
    }

    @Test(arguments: ["", "a line\n", "no line"])
    func `closing the input is EOF for the program`(text: String) throws {
      let result = try run("cat; echo end") { _, _ in
      } start: {
        $0.standardInput.write(text)
        $0.standardInput.close()
      }
      #expect(result.status == .exited(0))
      #expect(result.text.hasSuffix("end\r\n"))
      #expect(text.isEmpty || result.text.contains(text.dropLast(2)))
    }

    @Test func `a program that ends at once loses no output`() throws {
      for _ in 1...20 {
        let result = try run("head -c 20000 /dev/zero | tr '\\0' x")
        #expect(result.text.count == 20_000 && result.status == .exited(0))
      }
    }

    @Test func `one that never reads its terminal is bounded by back-pressure`() throws {
      try withReactor { reactor in
        let script = "stty raw -echo; echo ready; exec sleep 1000"
        let process = try reactor.spawnProcess("sh", ["-c", script], terminal: .init())
        var isReady = false
        process.standardOutput.forEach { _ in
          guard !isReady else { return }
          isReady = true
          process.standardInput.write([UInt8](repeating: 1, count: 10_000_000))
          #expect(process.standardInput.bufferedBytes > 9_000_000)
          let drained = process.standardInput.drain()
          drained.addBoth { #expect((try? $0.get()) == nil) }
          reactor.callLater(.milliseconds(20)) {
            expectNoResult(of: process.ended)
            process.kill(SIGKILL)
          }
        }
        return process.ended.addCallback { #expect($0 == .signalled(SIGKILL)) }
      }
    }

    @Test func `its other programs get SIGHUP when it is given up`() throws {
      var background: Int32 = 0
      try withReactor { reactor in
        let process = try reactor.spawnProcess("sh", ["-c", "sleep 1000 & echo $!; wait"], terminal: .init())
        process.standardOutput.forEach { piece in
          background = Int32(piece.text.filter(\.isNumber)) ?? 0
          process.ended.cancel()
        }
        return process.ended.addErrback { _ in .exited(0) }
      }
      let limit = ContinuousClock.now + .seconds(20)
      while isRunning(background), ContinuousClock.now < limit { sched_yield() }
      #expect(background > 0 && !isRunning(background))
    }

    @Test(arguments: ["no-such-program-anywhere", "/no/such/program", "/"])
    func `a program that cannot start on a terminal is the same error as without`(_ name: String) throws {
      let reactor = Reactor()
      let plain = #expect(throws: ProcessError.self) { try reactor.spawnProcess(name) }
      let error = #expect(throws: ProcessError.self) { try reactor.spawnProcess(name, terminal: ChildTerminalSize()) }
      #expect(error == plain)
      let directory = #expect(throws: ProcessError.self) {
        try reactor.spawnProcess("ls", workingDirectory: "/no/such", terminal: ChildTerminalSize())
      }
      #expect(directory?.code == .noDirectory)
    }

    /// Like `run`, with something to do at the start.
    private func run(
      _ script: String, _ body: @escaping (ChildProcess, String) -> Void, start: (ChildProcess) -> Void
    ) throws -> (text: String, status: ProcessStatus) {
      var text = ""
      let status = try withReactor { reactor in
        let process = try reactor.spawnProcess("sh", ["-c", script], terminal: ChildTerminalSize())
        process.standardOutput.forEach { piece in
          text += piece.text
          body(process, text)
        }
        start(process)
        return process.ended
      }
      return (text, status)
    }
  }
}
#endif
