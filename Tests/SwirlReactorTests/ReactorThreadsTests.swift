import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

private struct Wrong: Error {}

@Suite(.failsOnUnhandledFailures) struct ReactorThreadsTests {
  let reactor = Reactor()

  private func outcome<Value>(of deferred: Deferred<Value>) -> Deferred<Value> {
    unowned let reactor = reactor
    deferred.addBoth { _ in reactor.stop() }
    reactor.runGuarded()
    return deferred
  }

  @Test func `what the work returns is the result, on the reactor's thread`() throws {
    let here = UInt(bitPattern: pthread_self().hashValue)
    var firedOn: UInt?
    let deferred = reactor.deferToThread { UInt(bitPattern: pthread_self().hashValue) }
    deferred.addCallback { _ in firedOn = UInt(bitPattern: pthread_self().hashValue) }
    #expect(try successResult(of: outcome(of: deferred)) != here)
    #expect(firedOn == here)
  }

  @Test func `the function of the thread's reactor takes a pool`() throws {
    let pool = ThreadPool(size: 1, name: "own")
    let gate = Gate()
    pool.run { gate.wait() }
    var results: [Int] = []
    reactor.callSoon { [unowned reactor] in
      SwirlReactor.deferToThread(in: pool) { 1 }.addCallback { results.append($0) }.addBoth { _ in reactor.stop() }
      // Another pool is free; this one is not, until then.
      SwirlReactor.deferToThread { 2 }.addCallback { results.append($0) }.addBoth { _ in gate.open() }
    }
    reactor.runGuarded()
    #expect(results == [2, 1])
  }

  @Test func `what the work throws is the failure`() throws {
    try failureResult(of: outcome(of: reactor.deferToThread { throw Wrong() }), as: Wrong.self)
  }

  @Test func `a cancelled one fails at once, and its late result is dropped`() throws {
    unowned let reactor = reactor
    let gate = Gate()
    let seen = reports {
      let deferred = reactor.deferToThread {
        gate.wait()
        return 1
      }
      deferred.cancel()
      #expect(throws: Never.self) { try failureResult(of: deferred, as: CancelledError.self) }
      // The next work of the same pool runs after the late result.
      reactor.deferToThread { gate.open() }.addCallback {
        reactor.callLater(.milliseconds(2)) { reactor.stop() }
      }
      reactor.runGuarded()
    }
    #expect(seen.isEmpty)
  }

  @Test func `a pool that is closed takes no more`() throws {
    let pool = ThreadPool(size: 1)
    pool.close()
    let error = try failureResult(of: reactor.deferToThread(in: pool) { 1 }, as: ThreadPoolError.self)
    #expect(error == .closed)
    #expect("\(error)" == "the thread pool is closed and takes no more work")
  }

  @Test func `a pool takes no more than may be queued, and continues when there is room`() throws {
    let pool = ThreadPool(size: 2, maximumWaiting: 3)
    let gate = Gate()
    let taken = (0..<5).map { number in
      reactor.deferToThread(in: pool) {
        gate.wait()
        gate.open()
        return number
      }
    }
    #expect(try failureResult(of: reactor.deferToThread(in: pool) { 1 }, as: ThreadPoolError.self) == .full)
    #expect(!pool.run {})
    gate.open()
    #expect(try successResult(of: outcome(of: gatherResults(taken))) == [0, 1, 2, 3, 4])
    #expect(try successResult(of: outcome(of: reactor.deferToThread(in: pool) { 6 })) == 6)
  }

  @Test func `work knows its name`() throws {
    let names = gatherResults([
      reactor.deferToThread(name: "resize") { ThreadPool.currentWork },
      reactor.deferToThread { ThreadPool.currentWork },
    ])
    #expect(try successResult(of: outcome(of: names)) == ["resize", nil])
  }

  @Test func `a thread may block until the reactor has a result for it`() throws {
    let remote = reactor.remote
    let both = reactor.deferToThread {
      let square = try remote.blockingCall { reactor in
        reactor.sleep(.milliseconds(1)).addCallback { 7 * 7 }
      }
      let error = #expect(throws: Trouble.self) { try remote.blockingCall { _ -> Int in throw Trouble() } }
      return (square, error != nil)
    }
    let result = try successResult(of: outcome(of: both))
    #expect(result.0 == 49 && result.1)
  }

  @Test func `a blocked thread gets an error once the reactor is released`() throws {
    let pool = ThreadPool(size: 1)
    let isDone = Gate()
    let isThere = Gate()
    do {
      let other = Reactor()
      let remote = other.remote
      pool.run {
        isThere.open()
        #expect(throws: ReactorReleasedError.self) { try remote.blockingCall { _ in 1 } }
        isDone.open()
      }
      isThere.wait()
    }
    isDone.wait()
  }

  private struct Trouble: Error {}

  @Test func `the results of many arrive, each with its own`() throws {
    let all = gatherResults((0..<1000).map { number in reactor.deferToThread { number } })
    #expect(try successResult(of: outcome(of: all)) == Array(0..<1000))
  }

  @Test func `what the Deferred holds is released on the reactor's thread, also after the reactor was released`() {
    final class Witness {
      let isHere: () -> Void
      init(_ isHere: @escaping () -> Void) { self.isHere = isHere }
      deinit { isHere() }
    }
    let here = pthread_self()
    nonisolated(unsafe) var threads: [pthread_t] = []
    let gate = Gate()
    let pool = ThreadPool(size: 1)
    do {
      let reactor = Reactor()
      let witness = Witness { threads.append(pthread_self()) }
      reactor.deferToThread(in: pool) { gate.wait() }.addCallback { _ = witness }
    }
    gate.open()
    let isDone = Gate()
    pool.run { isDone.open() }
    isDone.wait()
    #expect(threads.count == 1 && threads.allSatisfy { pthread_equal($0, here) != 0 })
  }

  @Test func `the global form uses the reactor that runs here`() throws {
    unowned let reactor = reactor
    var result = 0
    reactor.callSoon {
      deferToThread { 5 }.addCallback {
        result = $0
        reactor.stop()
      }
    }
    reactor.runGuarded()
    #expect(result == 5)
  }
}
