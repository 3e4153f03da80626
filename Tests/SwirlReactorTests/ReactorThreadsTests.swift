import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

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
      // The same pool's next work is behind the late result.
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
    let error = try failureResult(of: reactor.deferToThread(in: pool) { 1 }, as: ThreadPoolClosedError.self)
    #expect("\(error)" == "the thread pool is closed and takes no more work")
  }

  @Test func `the results of many arrive, each with its own`() throws {
    let all = gatherResults((0..<1000).map { number in reactor.deferToThread { number } })
    #expect(try successResult(of: outcome(of: all)) == Array(0..<1000))
  }

  @Test func `what hangs on the Deferred is let go of on the reactor's thread, also when the reactor is gone`() {
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
