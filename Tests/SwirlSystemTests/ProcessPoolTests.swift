import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlProcessPool
@testable import SwirlSystem

extension SystemTests {
  @Suite(.failsOnUnhandledFailures) struct ProcessPoolTests {
    private let square = ProcessFunction<Int, Int>("square")

    /// The build puts it beside the test runner.
    private static let probe: String = {
      var path = [CChar](repeating: 0, count: 4096)
      let length = readlink("/proc/self/exe", &path, path.count)
      let program = String(decoding: path.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
      return program[..<program.lastIndex(of: "/")!] + "/PoolProbe"
    }()

    /// Runs `body` with a pool of the probe's workers, closes the pool, and checks that no process is left.
    private func withPool<Value>(
      size: Int = 2, _ body: @escaping (ProcessPool, Reactor) throws -> Deferred<Value>
    ) throws -> Value {
      let pipes = openPipes()
      let value = try withReactor { reactor in
        let pool = ProcessPool(size: size, program: Self.probe, on: reactor)
        return try body(pool, reactor).addBoth { result in pool.abort().addCallback { try result.get() } }
      }
      #expect(children(named: "PoolProbe") == 0)
      #expect(areNoPipesOpen(besides: pipes))
      return value
    }

    @Test func `a call and a map, in order`() throws {
      let (one, many) = try withPool { pool, _ in
        pool.call("square", 7).addCallback { (one: Int) in
          pool.map(square, 1...20).addCallback { many in (one, many) }
        }
      }
      #expect(one == 49 && many == (1...20).map { $0 * $0 })
    }

    @Test func `a worker is used again, and there are no more than the size`() throws {
      let processes: [Int] = try withPool(size: 3) { pool, _ in
        pool.map("process", Array(repeating: 0, count: 30), returning: Int.self)
      }
      #expect((1...3).contains(Set(processes).count))
      #expect(!processes.contains(Int(getpid())))
    }

    /// Blocks until one of the pipes that are not among `others` has something to read.
    private func waitForBytes(besides others: Set<String>) throws {
      for _ in 0..<10_000 {
        for descriptor in Int32(3)..<1024 {
          var name = [CChar](repeating: 0, count: 64)
          let length = readlink("/proc/self/fd/\(descriptor)", &name, name.count)
          let pipe = String(decoding: name.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
          guard pipe.hasPrefix("pipe:"), !others.contains("\(descriptor) \(pipe)") else { continue }
          var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
          if poll(&watched, 1, 1) > 0, watched.revents & Int16(POLLIN) != 0 { return }
        }
      }
      Issue.record("no worker has answered")
    }

    @Test func `a call that is cancelled when its answer is there already costs no other call`() throws {
      let pipes = openPipes()
      let value = try withPool(size: 1) { pool, _ in
        pool.call(square, 1).addCallback { _ in
          let cancelled = pool.call(square, 2)
          try waitForBytes(besides: pipes)
          cancelled.addErrback { _ in 0 }
          cancelled.cancel()
          return pool.call(square, 3)
        }
      }
      #expect(value == 9)
    }

    @Test func `what a function prints is not in the way of its answer`() throws {
      let count: Int = try withPool { pool, _ in pool.call("print", "printed by a worker") }
      #expect(count == 19)
    }

    @Test func `async functions, no value, and 10 MB`() throws {
      let (later, none, large) = try withPool { pool, _ in
        gather(
          pool.call("later", 1, returning: Int.self), pool.call("nothing", 0, returning: Int?.self),
          pool.call("large", 10_000_000, returning: String.self))
      }
      #expect(later == 2 && none == nil && large.utf8.count == 10_000_000)
    }

    @Test func `each failure has its name, and the pool continues`() throws {
      let errors: [ProcessPoolError?] = try withPool { pool, _ in
        gatherSettled(0..<5, atMost: 1) { number -> Deferred<Int> in
          switch number {
          case 0: pool.call("throw", "these words")
          case 1: pool.call("unknown", 1)
          case 2: pool.call("square", "seven")
          case 3: pool.call("endless", 1)
          default: pool.call("large", 3)
          }
        }.addCallback { results in
          pool.call(square, 3).addCallback { nine in
            #expect(nine == 9)
            return results.map { result in
              if case .failure(let error) = result { error as? ProcessPoolError } else { nil }
            }
          }
        }
      }
      #expect(errors.map { $0?.code } == [.function, .unknownFunction, .input, .output, .output])
      #expect(errors[0]?.description == "call throw: these words")
      #expect(errors[1]?.description.contains("square") == true)
    }

    @Test func `a worker that dies fails only its call, and is replaced`() throws {
      let folder = TemporaryDirectory()
      let (died, killed, squares) = try withPool { pool, reactor in
        let died: Deferred<Int> = pool.call("exit", 4)
        let killed: Deferred<Int> = pool.call("hang", folder.path + "/running")
        let squares = pool.map(square, [1, 2, 3])
        func wait() {
          // Wait until the worker runs, which it reports by creating a file.
          if access(folder.path + "/running", F_OK) != 0 {
            return reactor.callLater(.milliseconds(1)) { wait() }.discard
          }
          for process in workers(of: reactor) { process.kill(SIGKILL) }
        }
        squares.addCallback { _ in wait() }
        return gather(
          died.addBoth { failure($0) as? WorkerDiedError }, killed.addBoth { failure($0) as? WorkerDiedError }, squares)
      }
      #expect(died?.status == .exited(4) && killed?.status == .signalled(SIGKILL))
      #expect(squares == [1, 4, 9])
    }

    @Test func `a cancelled call kills its worker, which is replaced`() throws {
      let folder = TemporaryDirectory()
      let four = try withPool(size: 1) { pool, reactor in
        let hung: Deferred<Int> = pool.call("hang", folder.path + "/running")
        let four = pool.call(square, 2)
        let taken = pool.call(square, 3)
        func wait() {
          if access(folder.path + "/running", F_OK) != 0 {
            return reactor.callLater(.milliseconds(1)) { wait() }.discard
          }
          taken.cancel()
          hung.cancel()
        }
        wait()
        return gather(
          hung.addBoth { #expect(failure($0) is CancelledError) },
          taken.addBoth { #expect(failure($0) is CancelledError) },
          four
        ).addCallback { $0.2 }
      }
      #expect(four == 4)
    }

    @Test func `an aborted pool fails running and queued calls`() throws {
      let codes = try withPool(size: 1) { pool, reactor in
        let calls: [Deferred<Int>] = [pool.call("hang", "/dev/null"), pool.call(square, 1), pool.call(square, 2)]
        reactor.callSoon { pool.abort() }
        return DeferredList(calls.map { $0.addBoth { (failure($0) as? ProcessPoolError)?.code } }).addCallback {
          results in
          results.map { try? $0.get() } + [(failure(of: pool.call(square, 3)) as? ProcessPoolError)?.code]
        }
      }
      #expect(codes == Array(repeating: .closed, count: 4))
    }

    @Test func `a pool that is closed, or released, completes what it has accepted`() throws {
      let squares = try withReactor { reactor in
        let pool = ProcessPool(size: 2, program: Self.probe, on: reactor)
        let squares = pool.map(square, 1...5)
        _ = pool
        return squares
      }
      #expect(squares == [1, 4, 9, 16, 25])
      let sixteen = try withReactor { reactor in
        let pool = ProcessPool(size: 2, program: Self.probe, on: reactor)
        let sixteen = pool.call(square, 4)
        return pool.close().addCallback { sixteen }
      }
      #expect(sixteen == 16)
      #expect(children(named: "PoolProbe") == 0)
    }

    @Test func `a program that serves no calls is named in the error`() throws {
      let error = try withReactor { reactor in
        let pool = ProcessPool(size: 1, program: "true", on: reactor)
        return pool.call(square, 1).addBoth { failure($0) as? WorkerDiedError }
      }
      #expect(error?.status == .exited(0))
      #expect(error?.description.contains("serveIfWorker") == true)
    }

    @Test func `a worker that dies fails its call, whatever process still has its pipes`() throws {
      let folder = TemporaryDirectory()
      let program = folder.file(
        "worker", "#!/bin/sh\nsleep 1000 >/dev/null 2>&1 &\necho $! >\"$0.sleeper\"\nexit 3\n", mode: 0o755)
      let error = try withReactor { reactor in
        let pool = ProcessPool(size: 1, program: program, on: reactor)
        return pool.call(square, 1).addTimeout(.seconds(30), clock: reactor).addBoth { failure($0) as? WorkerDiedError }
      }
      #expect(error?.status == .exited(3))
      let sleeper = try withReactor { $0.files.readText(program + ".sleeper") }
      kill(try #require(Int32(sleeper.filter(\.isNumber))), SIGKILL)
    }

    @Test func `workers end with the process that has the pool, whatever they do`() throws {
      let folder = TemporaryDirectory()
      let path = folder.path + "/running"
      let status = try withReactor { reactor in
        let process = try reactor.spawnProcess(Self.probe, [path], standardOutput: .pipe)
        // The worker has this pipe too: it reaches EOF when both have ended.
        process.standardOutput.forEach { _ in }
        func wait() {
          if access(path, F_OK) == 0 { return process.kill(SIGKILL) }
          reactor.callLater(.milliseconds(1)) { wait() }
        }
        wait()
        return process.ended
      }
      #expect(status == .signalled(SIGKILL))
    }

    @Test func `a reactor that goes away takes the workers with it`() throws {
      let pipes = openPipes()
      do {
        let reactor = Reactor()
        let pool = ProcessPool(size: 2, program: Self.probe, on: reactor)
        for _ in 0..<3 {
          let hung: Deferred<Int> = pool.call("hang", "/dev/null")
          hung.addBoth { _ in Issue.record("there is no loop to tell it in") }
        }
        #expect(pool.workerCount == 2)
      }
      #expect(children(named: "PoolProbe") == 0 && areNoPipesOpen(besides: pipes))
    }

    @Test func `a worker's environment does not have the pool's variable, and a missing program is an error`() throws {
      let variable = try withPool { pool, _ in
        pool.call("environment", ProcessPool.workerVariable, returning: String?.self)
      }
      #expect(variable == nil)
      #expect(throws: ProcessError.self) {
        try withReactor { reactor in ProcessPool(size: 1, program: "/no/such/program", on: reactor).call(square, 1) }
      }
    }
  }
}

private func failure<Value>(_ result: Result<Value, any Error>) -> (any Error)? {
  if case .failure(let error) = result { error } else { nil }
}

private func failure<Value>(of deferred: Deferred<Value>) -> (any Error)? {
  var error: (any Error)?
  deferred.addBoth { error = failure($0) }
  return error
}

private func workers(of reactor: Reactor) -> [ChildProcess] { reactor.handles.all(ChildProcess.self) }

extension DelayedCall {
  fileprivate var discard: Void { () }
}
