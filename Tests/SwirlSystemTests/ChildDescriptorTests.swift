import Foundation
import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlSystem

extension SystemTests {
  @Suite(.failsOnUnhandledFailures) struct ChildDescriptorTests {
    @Test func `pipes in both directions have the numbers that they are given`() throws {
      var text = ""
      let status = try withReactor { reactor in
        let script = """
          read line <&7; echo "got $line" >&5
          for number in 4 6 8; do test -e /proc/self/fd/$number && exit $number; done; exit 0
          """
        let process = try reactor.spawnProcess(
          "sh", ["-c", script], descriptors: [7: .input, 5: .output, 3: .null])
        process.outputs[5]?.forEach { text += $0.text }
        process.inputs[7]?.write("words\n")
        return process.ended
      }
      #expect(text == "got words\n" && status == .exited(0))
    }

    @Test func `files are opened for it`() throws {
      let folder = TemporaryDirectory()
      let input = folder.file("in", "content\n")
      let output = folder.path + "/out"
      let log = folder.file("log", "old\n")
      try withReactor { reactor in
        let process = try reactor.spawnProcess(
          "sh", ["-c", "cat <&3 >&4; echo new >&5"],
          descriptors: [3: .reading(input), 4: .writing(output), 5: .appending(to: log)])
        return process.ended.addCallback { #expect($0 == .exited(0)) }
          .addCallback { gather(reactor.files.readText(output), reactor.files.readText(log)) }
          .addCallback { out, log in #expect(out == "content\n" && log == "old\nnew\n") }
      }
    }

    @Test func `wrong numbers and files are errors, and leave no descriptor`() throws {
      let reactor = Reactor()
      let pipes = openPipes()
      for (map, words) in [
        ([2: ChildDescriptor.output], "given twice, or out of range"), ([1024: .null], "given twice, or out of range"),
        ([-1: .null], "out of range"), ([5: .output, 6: .reading("/no/such/file")], "open /no/such/file for sh"),
      ] as [([Int32: ChildDescriptor], String)] {
        let error = #expect(throws: ProcessError.self) { try reactor.spawnProcess("sh", descriptors: map) }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
      }
      #expect(areNoPipesOpen(besides: pipes))
    }

    @Test func `closed descriptors are errors, and leave no descriptor`() async {
      // In a process of its own, which has no such descriptors: the suites together reach these numbers.
      await #expect(processExitsWith: .success) {
        let reactor = Reactor()
        let pipes = openPipes()
        for map in [[5: .output, 9: .descriptor(9999)], [5: .output, 777: .inherit]] as [[Int32: ChildDescriptor]] {
          do {
            _ = try reactor.spawnProcess("sh", descriptors: map)
            fatalError("it started")
          } catch let error as ProcessError where error.description.contains("bad file descriptor") {}
        }
        if openPipes() != pipes { fatalError("pipes are left") }
      }
    }

    #if os(Linux)
    @Test(.enabled(if: getuid() == 0)) func `it becomes another user with its groups`() throws {
      let output = try withReactor { reactor in
        let process = try reactor.spawnProcess(
          "sh", ["-c", "id -u; id -g; id -G; grep -c '^Groups:.*0' /proc/self/status"], standardOutput: .pipe,
          user: ChildUser(user: 12345, group: 23456, groups: [23456, 34567]))
        return process.standardOutput.collect()
      }
      #expect(output.text == "12345\n23456\n23456 34567\n0\n")
    }

    @Test(.enabled(if: getuid() == 0)) func `a directory is entered as the new user`() throws {
      let folder = TemporaryDirectory()
      let reactor = Reactor()
      let error = #expect(throws: ProcessError.self) {
        try reactor.spawnProcess(
          "true", workingDirectory: folder.path, user: ChildUser(user: 12345, group: 12345))
      }
      #expect(error?.errno == EACCES)
    }

    @Test(.enabled(if: getuid() == 0)) func `a user by name has the groups of the system`() throws {
      let daemon = try ChildUser(named: "daemon")
      #expect(daemon.user == 1 && daemon.groups.contains(daemon.group))
      let error = #expect(throws: ProcessError.self) { try ChildUser(named: "no-such-user-here") }
      #expect(error?.description.contains("there is no such user") == true)
    }

    @Test(.enabled(if: getuid() == 0)) func `without the right to it the step and its error are reported`() async {
      await #expect(processExitsWith: .success) {
        guard setuid(12345) == 0 else { fatalError("no user 12345") }
        do {
          _ = try Reactor().spawnProcess("true", user: ChildUser(user: 1, group: 1))
          fatalError("it became another user")
        } catch let error as ProcessError {
          let words = "set the groups of true: operation not permitted: only root may become another user"
          if error.description != words || error.errno != EPERM { fatalError("\(error)") }
        }
      }
    }
    #endif

    @Test func `2,000 children leave no descriptor`() async {
      // In a process of its own: other suites open and close descriptors here.
      let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
        func count() -> Int { (0..<Int32(4096)).count { fcntl($0, F_GETFD) != -1 } }
        // The words of a trap would not be seen.
        func complain(_ words: String) { FileHandle.standardError.write(Data("\(words)\n".utf8)) }
        let reactor = Reactor()
        let first = try reactor.spawnProcess("true", standardOutput: .pipe)
        first.ended.addCallback { _ in reactor.stop() }
        reactor.run()
        let before = count()
        var left = 2000
        func next() throws {
          left -= 1
          let number = left
          if number < 0 { return reactor.stop() }
          let process =
            number % 4 == 0
            ? try reactor.spawnProcess("true", terminal: ChildTerminalSize())
            : try reactor.spawnProcess("true", standardInput: .pipe, descriptors: [4: .output, 6: .input])
          process.ended.addCallback { _ in try next() }.addErrback { error in
            complain("\(error)")
            reactor.crash()
          }
        }
        try next()
        reactor.run()
        // The last child's ends are closed by then, or soon.
        var turns = 0
        func settle() {
          turns += 1
          if count() == before || turns == 10_000 { return reactor.stop() }
          reactor.callLater(.milliseconds(1), settle)
        }
        settle()
        reactor.run()
        if left != -1 || count() != before { complain("\(left) left, \(count()) descriptors, not \(before)") }
      }
      #expect(result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) } == "")
    }

    @Test func `a number beyond the limit of descriptors is an error, with a fork as well`() async {
      await #expect(processExitsWith: .success) {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = 1024
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let reactor = Reactor()
        for user in [nil, ChildUser(user: getuid(), group: getgid())] {
          for kind in [ChildDescriptor.null, .output] {
            do {
              _ = try reactor.spawnProcess("true", descriptors: [1023: kind], user: user)
              fatalError("it started")
            } catch let error as ProcessError {
              if error.errno != EMFILE || !error.description.contains("ulimit -n") { fatalError("\(error)") }
            }
          }
        }
      }
    }

    @Test func `a user's name with a zero byte is refused`() {
      let error = #expect(throws: ProcessError.self) { try ChildUser(named: "root\0x") }
      #expect(error?.description.contains("zero byte") == true)
    }
  }
}
