import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlSystem

extension SystemTests {
  /// Programs that misbehave.
  @Suite(.failsOnUnhandledFailures) struct ChildProcessAdversaryTests {
    private func shell(
      _ reactor: Reactor, _ script: String, input: ChildInputSource = .null, output: ChildOutputTarget = .pipe,
      error: ChildOutputTarget = .inherit, group: Bool = false, timeout: Duration? = nil
    ) throws -> ChildProcess {
      try reactor.spawnProcess(
        "sh", ["-c", script], standardInput: input, standardOutput: output, standardError: error, hasOwnGroup: group,
        timeout: timeout)
    }

    @Test func `one that closes its output and lives on has not ended`() throws {
      var order: [String] = []
      let status = try withReactor { reactor in
        let process = try shell(reactor, "exec >&-; read line; exit 3", input: .pipe)
        process.standardOutput.forEach { _ in }.addCallback { _ in
          order.append("closed")
          #expect(process.status == nil)
          process.standardInput.write("go on\n")
        }
        return process.ended.addCallback { status in
          order.append("ended")
          return status
        }
      }
      #expect(order == ["closed", "ended"] && status == .exited(3))
    }

    @Test func `one that ignores TERM is killed`() throws {
      let status = try withReactor { reactor in
        let process = try shell(reactor, "trap '' TERM; echo ready; while :; do sleep 1; done", group: true)
        process.standardOutput.forEach { _ in process.terminate(within: .milliseconds(10)) }
        return process.ended
      }
      #expect(status == .signalled(SIGKILL))
    }

    @Test func `one that heeds TERM has its own code`() throws {
      var text = ""
      let status = try withReactor { reactor in
        let process = try shell(reactor, "trap 'echo bye; exit 9' TERM; echo ready; read line", input: .pipe)
        process.standardOutput.forEach { piece in
          text += piece.text
          if text == "ready\n" { process.terminate(within: .seconds(30)) }
        }
        return process.ended
      }
      #expect(status == .exited(9) && text == "ready\nbye\n")
    }

    @Test func `10 MB to one that never reads wait here, and drain tells of it`() throws {
      try withReactor { reactor in
        let process = try shell(reactor, "echo ready; exec sleep 1000", input: .pipe)
        process.standardInput.write([UInt8](repeating: 1, count: 10_000_000))
        #expect(process.standardInput.bufferedBytes > 9_000_000)
        let drained = process.standardInput.drain()
        process.standardOutput.forEach { _ in
          expectNoResult(of: drained)
          process.kill(SIGKILL)
        }
        return gather(process.ended, drained.addBoth { #expect((try? $0.get()) == nil) })
      }
    }

    @Test func `a waiter for room may cancel another that fires with it`() throws {
      let seen = try reports {
        _ = try withReactor { reactor -> Deferred<ProcessStatus> in
          let process = try shell(reactor, "echo ready; exec sleep 1000", input: .pipe)
          process.standardInput.write([UInt8](repeating: 1, count: 1_000_000))
          let (first, second) = (process.standardInput.drain(), process.standardInput.drain())
          first.addBoth { _ in second.cancel() }
          second.addBoth { _ in }
          process.standardOutput.forEach { _ in process.kill(SIGKILL) }
          return process.ended
        }
      }
      #expect(seen.isEmpty)
    }

    @Test func `10 MB to one that reads slowly all arrive, no more than asked for at a time`() throws {
      let count: Int = try withReactor { reactor in
        let process = try reactor.spawnProcess("wc", ["-c"], standardInput: .pipe, standardOutput: .pipe)
        var left = 160
        func more() {
          if left == 0 { return process.standardInput.close() }
          left -= 1
          process.standardInput.write([UInt8](repeating: 1, count: 65536))
          #expect(process.standardInput.bufferedBytes <= 2 * 65536)
          process.standardInput.drain().addCallback { more() }
        }
        more()
        return gather(process.standardOutput.collect(), process.ended).addCallback { bytes, _ in
          try #require(Int(bytes.text.filter(\.isNumber)))
        }
      }
      #expect(count == 160 * 65536)
    }

    @Test func `50 MB of output come whole, and more than the limit ends it`() throws {
      var count = 0
      try withReactor { reactor in
        let process = try reactor.spawnProcess("head", ["-c", "50000000", "/dev/zero"], standardOutput: .pipe)
        process.standardOutput.forEach { count += $0.count }
        return process.ended
      }
      #expect(count == 50_000_000)
      let error = #expect(throws: ProcessError.self) {
        try withReactor { $0.processOutput("head", ["-c", "50000000", "/dev/zero"], limit: 1_000_000) }
      }
      #expect(error?.code == .tooMuchOutput)
    }

    @Test func `a callback that is not done holds the child back`() throws {
      let total = 4_000_000
      var count = 0
      try withReactor { reactor in
        let process = try reactor.spawnProcess("head", ["-c", "\(total)", "/dev/zero"], standardOutput: .pipe)
        process.standardOutput.forEach { piece -> Deferred<Void> in
          count += piece.count
          // The kernel holds at most a pipe's capacity, so the child runs until less than that remains.
          if count < total - 1024 * 1024 { #expect(process.status == nil) }
          return reactor.sleep(.milliseconds(1))
        }
        return process.ended
      }
      #expect(count == total)
    }

    @Test func `the environment is as given, and no descriptor is left open in the child`() throws {
      let file = open("/dev/null", O_RDONLY)
      defer { close(file) }
      let (environment, descriptors) = try withReactor { reactor in
        gather(
          reactor.processOutput("/usr/bin/env", environment: ["A": "1", "B": "with space=and sign"]),
          reactor.processOutput("ls", ["/proc/self/fd"]))
      }
      #expect(environment.text.split(separator: "\n").sorted() == ["A=1", "B=with space=and sign"])
      // The fourth is the directory that ls itself reads.
      #expect(descriptors.text == "0\n1\n2\n3\n")
      let changed = try withReactor { reactor in
        reactor.processOutput("env", environment: .inherit(with: ["SWIRL_TEST": "1", "HOME": nil]))
      }
      #expect(changed.text.contains("SWIRL_TEST=1\n") && changed.text.contains("PATH="))
      #expect(!changed.text.split(separator: "\n").contains { $0.hasPrefix("HOME=") })
    }

    @Test func `variables that are no UTF-8 are inherited as they are`() async {
      // In its own process: other tests read the environment in this one.
      await #expect(processExitsWith: .success) {
        setenv("SWIRL_BYTES", [CChar(bitPattern: 0xE9), 0], 1)
        let output = try withReactor { $0.processOutput("printenv", ["SWIRL_BYTES"]) }
        #expect(output.standardOutput == [0xE9, 0x0A])
      }
    }

    @Test(arguments: ["", "A=B", "A\0B"]) func `what is no name of a variable is refused`(_ name: String) {
      for environment in [ProcessEnvironment.only([name: "c"]), .inherit(with: [name: "c"])] {
        let error = #expect(throws: ProcessError.self) {
          try withReactor { $0.processOutput("env", environment: environment) }
        }
        #expect(error?.code == .cannotStart)
      }
    }

    @Test func `signals are as for a new program`() throws {
      signal(SIGUSR1, SIG_IGN)
      defer { signal(SIGUSR1, SIG_DFL) }
      let output = try withReactor { $0.processOutput("grep", ["-E", "^Sig(Ign|Blk)", "/proc/self/status"]) }
      for line in output.text.split(separator: "\n") { #expect(line.hasSuffix("\t0000000000000000")) }
    }

    @Test func `working directory, null, and both outputs as one`() throws {
      let output = try withReactor { reactor in
        let process = try reactor.spawnProcess(
          "sh", ["-c", "pwd; cat; echo error >&2"], workingDirectory: "/usr", standardOutput: .pipe,
          standardError: .standardOutput)
        return process.standardOutput.collect()
      }
      #expect(output.text == "/usr\nerror\n")
    }

    @Test func `300 at once leave neither a descriptor nor a zombie`() throws {
      let pipes = openPipes()
      let codes = try withReactor { reactor in
        gatherResults(
          try (0..<300).map { number in
            let process = try shell(reactor, "read line; exit $line", input: .pipe, output: .pipe)
            process.standardOutput.forEach { _ in }
            process.standardInput.write("\(number % 256)\n")
            return process.ended
          })
      }
      #expect(codes == (0..<300).map { .exited(Int32($0 % 256)) })
      #expect(areNoPipesOpen(besides: pipes) && children(named: "sh") == 0)
    }

    @Test func `a child of the child that holds the pipe delays the end, not the exit`() throws {
      let folder = TemporaryDirectory()
      let gate = folder.path + "/gate"
      mkfifo(gate, 0o600)
      var order: [String] = []
      try withReactor { reactor in
        let process = try shell(reactor, "{ read line <\(gate); echo late; } & exit 0")
        process.standardOutput.forEach { order.append($0.text) }
        process.exited.addCallback { _ in
          order.append("exited")
          // Blocks until the child opens its end, and then lets it continue.
          let file = open(gate, O_WRONLY)
          _ = write(file, "\n", 1)
          close(file)
        }
        return process.ended.addCallback { _ in order.append("ended") }
      }
      #expect(order == ["exited", "late\n", "ended"])
    }

    @Test(arguments: [false, true])
    func `one that holds the pipe for ever is not waited for by terminate, a timeout, or cancelling`(_ group: Bool)
      throws
    {
      let pipes = openPipes()
      let terminated = try withReactor { reactor in
        let process = try shell(reactor, "sleep 1000 & echo $!; exit 0", group: group)
        var sleeper: Int32 = 0
        process.standardOutput.forEach { sleeper = Int32($0.text.filter(\.isNumber)) ?? 0 }
        process.exited.addCallback { _ in process.terminate() }
        return process.ended.addCallback { status in
          kill(sleeper, SIGKILL)
          return status
        }
      }
      #expect(terminated == .exited(0))
      #expect(throws: TimeoutError.self) {
        try withReactor { reactor in
          let process = try shell(reactor, "sleep 20 & exit 0", group: group, timeout: .milliseconds(50))
          process.standardOutput.forEach { _ in }
          return process.ended
        }
      }
      #expect(throws: CancelledError.self) {
        try withReactor { reactor in
          let process = try shell(reactor, "sleep 20 & exit 0", group: group)
          process.standardOutput.forEach { _ in }
          process.exited.addCallback { _ in process.ended.cancel() }
          return process.ended
        }
      }
      #expect(areNoPipesOpen(besides: pipes) && children(named: "sh") == 0)
    }

    @Test func `a group is killed to the last, also when its leader has ended`() throws {
      for turn in 0..<3 {
        var sleeper: Int32 = 0
        _ = try? withReactor { reactor in
          let process = try shell(
            reactor, "sleep 1000 & echo $!; exit 0", group: true, timeout: turn == 0 ? .milliseconds(500) : nil)
          process.standardOutput.forEach {
            sleeper = Int32($0.text.filter(\.isNumber)) ?? 0
            process.exited.addCallback { _ in
              if turn == 1 { process.terminate() }
              if turn == 2 { process.ended.cancel() }
            }
          }
          return process.ended
        }
        // It takes a moment; with a timeout too short even to print its number it was killed at once.
        let limit = ContinuousClock.now + .seconds(20)
        while sleeper > 0, isRunning(sleeper), ContinuousClock.now < limit { sched_yield() }
        #expect(sleeper == 0 || !isRunning(sleeper))
        #expect(turn == 0 || sleeper > 0)
      }
    }

    @Test func `a timeout kills, and names the program`() throws {
      let error = #expect(throws: TimeoutError.self) {
        try withReactor { $0.processOutput("sleep", ["1000"], timeout: .milliseconds(20)) }
      }
      #expect(error?.what == "sleep")
    }

    @Test(arguments: ["timeout", "cancelled", "too much output", "stopped"])
    func `what is run to its end and given up is killed with its children`(how: String) throws {
      let folder = TemporaryDirectory()
      let path = folder.path + "/child"
      let script = "sleep 1000 & echo $! >\(path).new; mv \(path).new \(path)"
      let reactor = Reactor()
      // A grandchild holds the pipe; the timeout covers that too. A child holds virtual time, so this one is real, and
      // long enough for a shell to start on a busy machine.
      let output = reactor.processOutput(
        "sh", ["-c", script + (how == "too much output" ? "; echo 1234567890" : "")],
        timeout: .seconds(how == "timeout" ? 2 : 60), limit: 10)
      var outcome: Result<ProcessOutput, any Error>?
      output.addBoth { [unowned reactor] result in
        outcome = result
        reactor.stop()
      }
      func look() {
        if access(path, R_OK) != 0 { return reactor.callSoon { look() } }
        if how == "cancelled" { output.cancel() }
        if how == "stopped" { reactor.stop() }
      }
      look()
      reactor.run()
      switch how {
      case "timeout": #expect(throws: TimeoutError.self) { try outcome?.get() }
      case "cancelled": #expect(throws: CancelledError.self) { try outcome?.get() }
      case "too much output": #expect(throws: ProcessError.self) { try outcome?.get() }
      // The loop may or may not have seen its end.
      default: break
      }
      let text = try OpenFile(path, .read).readAll(limit: 100).text
      let child = try #require(Int32(text.dropLast()))
      let limit = ContinuousClock.now + .seconds(20)
      while isRunning(child), ContinuousClock.now < limit { sched_yield() }
      #expect(!isRunning(child))
    }

    @Test func `without a group of its own a program is in ours`() throws {
      let own = try withReactor { $0.processOutput("sh", ["-c", "ps -o pgid= -p $$; echo $$"]) }
      let ours = try withReactor { $0.processOutput("sh", ["-c", "ps -o pgid= -p $$"], hasOwnGroup: false) }
      let numbers = own.text.split(whereSeparator: \.isWhitespace)
      #expect(numbers.count == 2 && numbers[0] == numbers[1])
      #expect(Int32(ours.text.filter { !$0.isWhitespace }) == getpgrp())
    }

    @Test func `a program, an argument, a variable and a directory may be bytes that are no UTF-8`() throws {
      let folder = TemporaryDirectory()
      let bytes: [UInt8] = [0x63, 0x61, 0x66, 0xe9]
      let path = Array("\(folder.path)/".utf8) + bytes
      try withReactor { $0.files.write("#!/bin/sh\nprintf '%s %s ' \"$1\" \"$NAME\"; pwd", to: path) }
      #expect(SystemPath(path).withCString { chmod($0, 0o755) } == 0)
      let directory = path + [0xff]
      #expect(SystemPath(directory).withCString { mkdir($0, 0o755) } == 0)
      defer { SystemPath(directory).withCString { _ = rmdir($0) } }
      let output = try withReactor {
        $0.processOutput(
          path, [bytes], environment: .inherit(with: ["NAME": "old"]).setting("NAME", to: bytes),
          workingDirectory: directory)
      }
      #expect(output.standardOutput == bytes + [0x20] + bytes + [0x20] + directory + [0x0a])
      let error = #expect(throws: ProcessError.self) { try withReactor { $0.processOutput(path + [0xfe]) } }
      #expect(error?.code == .notFound && error?.program == "\(folder.path)/caf\u{fffd}\u{fffd}")
      try withReactor { $0.files.remove(path) }
    }

    @Test func `arguments may be texts and bytes, in one list or from a variable`() throws {
      let texts = ["a", "b"]
      let mixed: [any SystemBytes] = ["a", [0xff] as [UInt8]]
      #expect(try withReactor { $0.processOutput("echo", texts) }.text == "a b\n")
      #expect(try withReactor { $0.processOutput("echo", texts + ["c"]) }.text == "a b c\n")
      #expect(try withReactor { $0.processOutput("echo", texts.map { $0 + "1" }) }.text == "a1 b1\n")
      #expect(try withReactor { $0.processOutput("printf", ["%s"] + mixed) }.standardOutput == [0x61, 0xff])
    }

    @Test func `cancelled at once, while it runs, and when it has ended`() throws {
      let pipes = openPipes()
      for turns in [0, 1, 5, 50] {
        var process: ChildProcess?
        #expect(throws: CancelledError.self) {
          try withReactor { reactor in
            let child = try shell(reactor, "cat", input: .pipe)
            process = child
            child.standardOutput.forEach { _ in }
            func count(_ left: Int) {
              if left == 0 { child.ended.cancel() } else { reactor.callSoon { count(left - 1) } }
            }
            count(turns)
            return gather(child.ended.addBoth { $0 }, child.exited).addCallback { try $0.0.get() }
          }
        }
        #expect(process?.status == .signalled(SIGKILL))
      }
      let ended = try withReactor { reactor in
        let output = reactor.processOutput("true")
        return output.addCallback { value in
          output.cancel()
          return value
        }
      }
      #expect(ended.status.isSuccess && areNoPipesOpen(besides: pipes))
    }

    @Test func `one that reads no more is an error of drain, and does not kill us`() throws {
      try withReactor { reactor in
        let process = try shell(reactor, "exec <&-; echo closed; exec sleep 1000", input: .pipe)
        process.standardOutput.forEach { _ in
          process.standardInput.write("hello")
          let error = try failureResult(of: process.standardInput.drain(), as: ProcessError.self)
          #expect(error.code == .cannotWrite && error.errno == EPIPE)
          process.kill(SIGKILL)
        }
        return process.ended
      }
      let output = try withReactor {
        $0.processOutput("true", input: [UInt8](repeating: 1, count: 1_000_000))
      }
      #expect(output.status.isSuccess)
    }

    @Test func `a callback that throws closes the pipe, and the child gets EPIPE`() throws {
      struct Enough: Error {}
      let status = try withReactor { reactor in
        let process = try reactor.spawnProcess("yes", standardOutput: .pipe)
        let done = process.standardOutput.forEach { _ in throw Enough() }
        return gather(process.ended, done.addBoth { result in #expect(throws: Enough.self) { try result.get() } })
          .addCallback { $0.0 }
      }
      #expect(status == .signalled(SIGPIPE))
    }

    @Test func `a reactor that goes away kills and reaps its children`() throws {
      let pipes = openPipes()
      var process: Int32 = 0
      do {
        let reactor = Reactor()
        let child = try shell(reactor, "cat", input: .pipe)
        process = child.processID
        child.standardOutput.forEach { _ in }
        child.ended.addBoth { _ in Issue.record("there is no loop to tell it in") }
        #expect(exists(process))
      }
      #expect(!exists(process) && areNoPipesOpen(besides: pipes))
    }

    @Test func `a task reads the output as it comes, and leaving the loop closes the pipe`() async throws {
      let thread = ReactorThread()
      let (lines, status) = try await thread.run { reactor in
        Deferred<(Int, ProcessStatus)> {
          let process = try reactor.spawnProcess("yes", standardOutput: .pipe)
          var count = 0
          for try await piece in process.standardOutput.stream() {
            count += piece.count
            if count > 1_000_000 { break }
          }
          return (count, try await process.ended.value)
        }
      }
      #expect(lines > 1_000_000 && status == .signalled(SIGPIPE))
      let total = try await thread.run { reactor in
        Deferred<Int> {
          let process = try reactor.spawnProcess("head", ["-c", "3000000", "/dev/zero"], standardOutput: .pipe)
          var count = 0
          for try await piece in process.standardOutput.stream() { count += piece.count }
          return count
        }
      }
      #expect(total == 3_000_000)
      await thread.stop()
    }

    @Test func `a status that is no success has the last words in its error`() throws {
      let output = try withReactor { $0.processOutput("sh", ["-c", "echo one; echo two >&2; exit 4"]) }
      #expect(output.status == .exited(4) && output.text == "one\n" && output.errorText == "two\n")
      let error = #expect(throws: ProcessError.self) { try output.successful() }
      #expect(error?.description == "run sh: it ended with exit code 4: two")
    }
  }
}
