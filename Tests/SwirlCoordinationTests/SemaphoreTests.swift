import SwirlCoordination
import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct SemaphoreTests {
  struct Trouble: Error {}

  @Test func `as many as there are tokens come in at once, the others in the order they came`() {
    let semaphore = DeferredSemaphore(2)
    var log: [Int] = []
    for number in 1...5 { semaphore.acquire().addCallback { log.append(number) } }
    #expect(log == [1, 2])
    #expect(semaphore.tokens == 0 && semaphore.waiting == 3)
    semaphore.release()
    #expect(log == [1, 2, 3])
    semaphore.release()
    semaphore.release()
    #expect(log == [1, 2, 3, 4, 5])
    semaphore.release()
    #expect(semaphore.tokens == 1 && semaphore.waiting == 0)
  }

  @Test func `a newcomer when a token is released does not overtake the waiters`() {
    let semaphore = DeferredSemaphore(1)
    var log: [String] = []
    semaphore.acquire().addCallback {}
    semaphore.acquire().addCallback {
      log.append("first in line")
      semaphore.acquire().addCallback { log.append("came then") }
    }
    semaphore.acquire().addCallback { log.append("second in line") }
    for _ in 0..<3 { semaphore.release() }
    #expect(log == ["first in line", "second in line", "came then"])
  }

  @Test func `run gives the token back after a result, a failure, a throw and a cancellation`() throws {
    let semaphore = DeferredSemaphore(1)
    let slow = Deferred<Int>()
    let first = semaphore.run { slow }
    let failing = semaphore.run { Deferred<Int>.fail(Trouble()) }
    let throwing = semaphore.run { () throws -> Deferred<Int> in throw Trouble() }
    var isCancelled = false
    let inner = Deferred<Int>(canceller: { _ in isCancelled = true })
    let running = semaphore.run { inner }
    let waiting = semaphore.run { Deferred<Int>.succeed(5) }
    let last = semaphore.run { Deferred<Int>.succeed(6) }
    waiting.cancel()
    try failureResult(of: waiting, as: CancelledError.self)
    slow.callback(1)
    #expect(try successResult(of: first) == 1)
    try failureResult(of: failing, as: Trouble.self)
    try failureResult(of: throwing, as: Trouble.self)
    #expect(!last.isFired)
    running.cancel()
    #expect(isCancelled)
    try failureResult(of: running, as: CancelledError.self)
    #expect(try successResult(of: last) == 6)
    #expect(semaphore.tokens == 1 && semaphore.waiting == 0)
  }

  @Test func `a release in a callback that a release has called keeps the order, and the stack`() {
    let semaphore = DeferredSemaphore(1)
    var served = 0
    semaphore.acquire().addCallback {}
    for number in 0..<100_000 {
      semaphore.run {
        #expect(served == number)
        served += 1
        return Deferred<Void>.succeed()
      }
    }
    semaphore.release()
    #expect(served == 100_000)
    #expect(semaphore.tokens == 1)
  }

  @Test func `cancelled waiters leave no trace, whatever their place`() {
    final class Witness {}
    let semaphore = DeferredSemaphore(0)
    var log: [Int] = []
    var waiters: [Deferred<Void>] = []
    weak var witness: Witness?
    do {
      let object = Witness()
      witness = object
      for number in 0..<1000 {
        waiters.append(
          semaphore.acquire().addCallback { [object] in if object === witness { log.append(number) } })
      }
    }
    for (number, waiter) in waiters.enumerated() where number % 7 != 0 {
      waiter.addErrback { _ in }
      waiter.cancel()
    }
    #expect(semaphore.waiting == 143)
    waiters = []
    for _ in 0..<143 { semaphore.release() }
    #expect(log == Array(stride(from: 0, to: 1000, by: 7)))
    #expect(witness == nil, "what they held is released")
    #expect(semaphore.waiting == 0 && semaphore.tokens == 0)
  }

  @Test func `a bounded semaphore that is released too often ends the program, and says why`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let semaphore = BoundedSemaphore(1)
      semaphore.acquire().addCallback {}
      semaphore.release()
      semaphore.release()
    }
    let words = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(words.contains("released more often than acquired"), "\(words)")
  }

  @Test func `a lock that is not held cannot be released`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      DeferredLock().release()
    }
    let words = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(words.contains("release of a DeferredLock that is not held"), "\(words)")
  }

  @Test func `a negative number of tokens is an error of the program`() async {
    await #expect(processExitsWith: .failure) { _ = DeferredSemaphore(-1) }
    await #expect(processExitsWith: .failure) { _ = DeferredQueue<Int>(size: 0) }
    await #expect(processExitsWith: .failure) { _ = DeferredBarrier(-2) }
  }

  @Test func `a lock has one holder at a time`() {
    let lock = DeferredLock()
    var inside = 0
    var gates: [Deferred<Void>] = []
    for _ in 0..<3 {
      lock.run {
        inside += 1
        #expect(inside == 1 && lock.isLocked)
        let gate = Deferred<Void>()
        gates.append(gate)
        return gate.addCallback { inside -= 1 }
      }
    }
    for index in 0..<3 {
      #expect(gates.count == index + 1 && lock.waiting == 2 - index)
      gates[index].callback()
    }
    #expect(!lock.isLocked)
  }

  @Test @MainActor func `tasks hold it one after the other, and one that is cancelled leaves the line`() async throws {
    let lock = DeferredLock()
    var log: [String] = []
    let gate = Deferred<Void>()
    let holder = Task {
      try await lock.withLock {
        log.append("holder")
        try await gate.value
      }
    }
    while !lock.isLocked { await Task.yield() }
    let cancelled = Task { try await lock.withLock { log.append("cancelled") } }
    while lock.waiting < 1 { await Task.yield() }
    let next = Task { try await lock.withLock { log.append("next") } }
    while lock.waiting < 2 { await Task.yield() }
    cancelled.cancel()
    await #expect(throws: CancelledError.self) { try await cancelled.value }
    #expect(lock.waiting == 1)
    gate.callback()
    try await holder.value
    try await next.value
    #expect(log == ["holder", "next"])
    #expect(!lock.isLocked)
  }

  @Test func `a semaphore whose holder was released keeps no waiter`() {
    weak var gone: DeferredSemaphore?
    do {
      let semaphore = DeferredSemaphore(1)
      gone = semaphore
      // The first Deferred is released unfired, so its token is never returned.
      semaphore.run { Deferred<Void>() }
      semaphore.run { Deferred<Void>() }
      #expect(semaphore.waiting == 1)
    }
    #expect(gone == nil)
  }
}
