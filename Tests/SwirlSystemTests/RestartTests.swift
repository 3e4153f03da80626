import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet
@testable import SwirlSystem

/// The new process is a shell here: it gets the pipe as descriptor 3 and the sockets from 4.
@Suite(.serialized) struct RestartTests {
  private func restart(
    _ reactor: Reactor, _ script: String, within limit: Duration = .seconds(30), count: Int = 1
  ) throws -> Deferred<Int32> {
    let sockets = try (0..<count).map { _ in
      let listener = try reactor.listenTCP(0) { _ in nil }
      defer { listener.stop() }
      return try listener.listeningSocket()
    }
    return reactor.restart(handing: sockets, program: "/bin/sh", arguments: ["-c", script], within: limit)
  }

  @Test func `the new process has the sockets, and the variable that names the pipe`() throws {
    let script = """
      case "$(readlink /proc/$$/fd/3)" in "pipe:[${SWIRL_HANDOVER%:2}]") ;; *) exit 4;; esac
      for place in 4 5; do case "$(readlink /proc/$$/fd/$place)" in socket:*) ;; *) exit 5;; esac; done
      test -e /proc/$$/fd/6 && exit 6
      printf x >&3
      exec 3>&- sleep 60
      """
    let process = try withReactor { try restart($0, script, count: 2) }
    // It survives the reactor.
    #expect(kill(process, SIGKILL) == 0)
    var status: Int32 = 0
    #expect(waitpid(process, &status, 0) == process)
  }

  @Test(arguments: [("exit 3", "3"), ("exec 3>&-; sleep 60", "signal"), ("kill -9 $$", "signal")])
  func `one that ends before it is ready is an error with its status`(script: String, words: String) throws {
    let pipes = openPipes()
    #expect {
      try withReactor { try restart($0, script) }
    } throws: {
      "\($0)".hasPrefix("restart /bin/sh: the new process ended before it was ready: ") && "\($0)".contains(words)
    }
    #expect(areNoPipesOpen(besides: pipes))
  }

  @Test func `one that is never ready is killed`() throws {
    #expect {
      try withReactor { try restart($0, "exec sleep 61", within: .milliseconds(50)) }
    } throws: { "\($0)".contains("was not ready within 0.05 seconds, and was killed") }
  }

  @Test func `a cancelled restart kills the new process, and a second one may follow`() throws {
    let process = try withReactor { reactor -> Deferred<Int32> in
      let first = try restart(reactor, "exec sleep 62")
      let second = try restart(reactor, "printf x >&3")
      var message = ""
      second.addCallback { _ in }.addErrback { message = "\($0)" }
      #expect(message == "restart /bin/sh: a restart is in progress")
      first.addCallback { _ in }.addErrback { #expect($0 is CancelledError) }
      first.cancel()
      return try restart(reactor, "printf x >&3")
    }
    // It may outlive the reactor, which then does not reap it. A zombie keeps those busy who wait for any child.
    _ = waitpid(process, nil, 0)
    #expect(process > 0 && !exists(process))
    #expect(children(named: "sleep") == 0)
  }

  @Test func `a program that is not there, and no socket, are errors`() throws {
    #expect {
      try withReactor { $0.restart(handing: [], program: "/bin/sh") }
    } throws: { "\($0)" == "restart /bin/sh: there is no socket to hand over" }
    #expect {
      try withReactor { reactor in
        let socket = try reactor.listenTCP(0) { _ in nil }.listeningSocket()
        return reactor.restart(handing: [socket], program: "/nowhere/at/all")
      }
    } throws: { ($0 as? ProcessError)?.code == .notFound }
  }

  @Test func `a child gets the passed descriptors from 3 on, and no more`() throws {
    let pipe = try #require(Pipe())
    let output = try withReactor { reactor -> Deferred<[UInt8]> in
      let process = try reactor.spawnProcess(
        "/bin/sh", ["-c", "head -c 5 <&4; for place in 3 4 5; do test -e /proc/$$/fd/$place && printf $place; done"],
        standardOutput: .pipe, passing: [pipe.writeEnd, pipe.readEnd])
      Descriptor.close(pipe.readEnd)
      _ = Descriptor.write(pipe.writeEnd, "given", 5)
      Descriptor.close(pipe.writeEnd)
      return process.standardOutput.collect()
    }
    #expect(String(decoding: output, as: UTF8.self) == "given34")
  }
}
