import Dispatch
import SwirlDeferred
import SwirlPlatform
import SwirlTesting
import Testing

@testable import SwirlReactor
@testable import SwirlSystem

extension SystemTests {
  @Suite(.failsOnUnhandledFailures) struct FileThreadsTests {
    private let folder = TemporaryDirectory()

    private func pipe(_ name: String) -> String {
      let path = folder.path + "/" + name
      mkfifo(path, 0o600)
      return path
    }

    /// Fires when that many threads of the pool run work: each read of a pipe blocks one.
    private func busy(_ count: Int, in pool: ThreadPool, on reactor: Reactor) -> Deferred<Void> {
      let there = Deferred<Void>()
      func look() {
        if pool.busyThreads >= count { there.callback() } else { reactor.callSoon { look() } }
      }
      look()
      return there
    }

    @Test func `named pipes without a writer hold up no other file, and are read once they have one`() throws {
      let path = folder.file("file", "content")
      let pipes = (0..<10).map { pipe("pipe\($0)") }
      let (text, fromPipes) = try withReactor { reactor in
        let files = reactor.files
        let readings = pipes.map { files.readText($0) }
        // They have reached the device threads before the file is read.
        return files.readText(path).addCallback { text in
          for path in pipes { files.append("\(path)", to: path) }
          return gatherResults(readings).addCallback { (text, $0) }
        }
      }
      #expect(text == "content" && fromPipes == pipes)
    }

    @Test func `readings of pipes that were given up leave their threads to others`() throws {
      let path = pipe("pipe")
      try withReactor { reactor in
        let files = reactor.files
        let devices = reactor.fileThreads.devices
        let limit = devices.size
        func giveUp(_ left: Int) -> Deferred<Void> {
          if left == 0 { return .succeed() }
          let reading = files.read(path).addCallback { _ in }
          return busy(limit - left + 1, in: devices, on: reactor).addCallback {
            reading.cancel()
            return reading.addErrback { _ in }
          }
          .addCallback { giveUp(left - 1) }
        }
        return giveUp(limit).addCallback { files.write("x", to: "/dev/null") }
          .addCallback {
            // Live reads block as many threads again; then no thread is free.
            for _ in 0..<limit { _ = files.read(path).addErrback { _ in [] } }
            return busy(2 * limit, in: devices, on: reactor).addCallback { files.read(path) }.addBoth { result in
              let error = #expect(throws: FileError.self) { try result.get() }
              #expect(error?.reason.hasPrefix("no thread is free") == true && error?.path == path)
            }
          }
      }
      // The threads end when the pipe gets a writer.
      close(open(path, O_RDWR))
    }

    @Test func `the work of the program does not hold up files`() throws {
      let gate = DispatchSemaphore(value: 0)
      let path = folder.file("file", "content")
      let text = try withReactor { reactor in
        for _ in 0..<20 { reactor.callInThread(mayBeAbandoned: true) { gate.wait() } }
        return reactor.files.readText(path)
      }
      #expect(text == "content")
      for _ in 0..<20 { gate.signal() }
    }

    @Test func `what was written before a stop is written when run returns, in one piece and by pieces`() throws {
      let reactor = Reactor()
      for number in 0..<20 { reactor.files.write("\(number)", to: folder.path + "/\(number)") }
      let writer = reactor.files.writer(to: folder.path + "/pieces")
      for number in 0..<100 { _ = writer.write("\(number)\n") }
      _ = writer.close()
      reactor.callSoon { [unowned reactor] in reactor.stop() }
      reactor.run()
      #expect(try folder.names.count == 21)
      for number in 0..<20 {
        #expect(try OpenFile(folder.path + "/\(number)", .read).readAll(limit: 100).text == "\(number)")
      }
      let pieces = try OpenFile(folder.path + "/pieces", .read).readAll(limit: 10_000).text
      #expect(pieces == (0..<100).map { "\($0)\n" }.joined())
    }

    @Test func `what is read is not waited for at a stop`() throws {
      let path = pipe("pipe")
      let reactor = Reactor()
      let reading = reactor.files.read(path)
      reactor.files.exists(path).addCallback { [unowned reactor] _ in reactor.stop() }
      reactor.run()
      #expect(!reading.isFired && reactor.threadCalls.unfinished == 0)
      close(open(path, O_RDWR))
    }

    @Test func `a write that was cancelled while it waited for a thread is never made`() throws {
      let gate = DispatchSemaphore(value: 0)
      let path = folder.path + "/written"
      try withReactor { reactor in
        let threads = reactor.fileThreads.files
        let blocked = (0..<threads.size).map { _ in reactor.deferToThread(in: threads) { gate.wait() } }
        let done = Deferred<Void>()
        reactor.files.write("late", to: path).addTimeout(.milliseconds(2), clock: reactor).addBoth { result in
          #expect(throws: TimeoutError.self) { try result.get() }
          for _ in blocked { gate.signal() }
          // When these have run, all earlier calls have had their turn.
          let last = (0..<20).map { _ in reactor.files.exists(path) }
          gatherResults(blocked).addCallback { _ in
            gatherResults(last).addCallback { _ in done.callback() }
          }
        }
        return done
      }
      #expect(try folder.names == [])
    }
  }
}
