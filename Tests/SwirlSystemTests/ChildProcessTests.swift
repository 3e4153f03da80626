import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlSystem

extension SystemTests {
  @Suite(.failsOnUnhandledFailures) struct ChildProcessTests {
    @Test func `a program gives its exit code, and a signal its number`() throws {
      let codes = try withReactor { reactor in
        gatherResults(
          try [["true"], ["false"], ["sh", "-c", "exit 7"], ["sh", "-c", "kill -9 $$"]].map {
            try reactor.spawnProcess($0[0], Array($0.dropFirst())).ended
          })
      }
      #expect(codes == [.exited(0), .exited(1), .exited(7), .signalled(SIGKILL)])
    }

    @Test func `without a descriptor of the kernel a thread waits for it`() throws {
      let status = try withReactor { reactor in
        var specification = ProcessSpecification(program: "sh", arguments: ["-c", "exit 5"])
        specification.watchesByThread = true
        return try specification.start(on: reactor).ended
      }
      #expect(status == .exited(5))
    }

    @Test(arguments: ["standardOutput", "standardError"])
    func `reading what is no pipe says which argument makes one`(_ argument: String) async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [argument] in
        let reactor = Reactor()
        let process = try reactor.spawnProcess("true")
        _ = (argument == "standardOutput" ? process.standardOutput : process.standardError).collect()
        withExtendedLifetime(reactor) {}
      }
      let words = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      #expect(words.contains("of true from: start it with \(argument): .pipe, as in spawnProcess("))
      #expect(words.contains("processOutput"))
    }

    @Test func `what it reads and writes goes through pipes`() throws {
      var text = ""
      let status = try withReactor { reactor in
        let process = try reactor.spawnProcess("sort", standardInput: .pipe, standardOutput: .pipe)
        process.standardOutput.forEach { text += $0.text }
        process.standardInput.write("b\na\n")
        process.standardInput.close()
        return process.ended
      }
      #expect(status == .exited(0) && text == "a\nb\n")
    }

    @Test func `output that is read after the process has ended is whole`() throws {
      let text = try withReactor { reactor in
        let process = try reactor.spawnProcess("echo", ["late"], standardOutput: .pipe)
        let output = process.standardOutput
        return process.ended.addCallback { _ in reactor.sleep(.milliseconds(1)) }.addCallback { output.collect() }
      }
      #expect(text.text == "late\n")
    }

    @Test func `exited comes before the output that is left, and ended after it`() throws {
      var order: [String] = []
      try withReactor { reactor in
        let process = try reactor.spawnProcess("sh", ["-c", "head -c 60000 /dev/zero"], standardOutput: .pipe)
        let go = Deferred<Void>()
        process.standardOutput.forEach { _ -> Deferred<Void> in
          order.append("piece")
          return go
        }
        process.exited.addCallback { _ in
          order.append("exited")
          go.callback()
        }
        return process.ended.addCallback { _ in order.append("ended") }
      }
      #expect(order.contains("exited") && order.last == "ended")
    }

    @Test(arguments: ["no-such-program-anywhere", "/no/such/program", ""])
    func `a program that is not there is named`(_ name: String) throws {
      let reactor = Reactor()
      let pipes = openPipes()
      let error = #expect(throws: ProcessError.self) {
        try reactor.spawnProcess(name, standardInput: .pipe, standardOutput: .pipe, standardError: .pipe)
      }
      #expect(error?.code == .notFound)
      #expect(error?.description.contains(name) == true)
      #expect(areNoPipesOpen(besides: pipes))
    }

    @Test func `a missing program and a missing directory are different errors`() throws {
      let folder = TemporaryDirectory()
      let plain = folder.file("plain", "echo hello\n")
      let strange = folder.file("strange", "no program\n", mode: 0o755)
      let orphan = folder.file("orphan", "#!/no/such/interpreter\n", mode: 0o755)
      let reactor = Reactor()
      let pipes = openPipes()
      func code(_ program: String, in directory: String? = nil) -> ProcessError.Code? {
        do {
          _ = try reactor.spawnProcess(program, workingDirectory: directory, standardOutput: .pipe)
          return nil
        } catch { return error.code }
      }
      #expect(code(plain) == .notExecutable)
      #expect(code(strange) == .notExecutable)
      #expect(code(orphan) == .notExecutable)
      #expect(code(folder.path) == .notExecutable)
      #expect(code("ls", in: "/no/such/directory") == .noDirectory)
      #expect(code("ls", in: plain) == .noDirectory)
      #expect(code("l\0s") == .cannotStart)
      #expect(areNoPipesOpen(besides: pipes))
    }
  }
}
