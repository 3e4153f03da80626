import SwirlCoordination
import SwirlDeferred
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct EventTests {
  @Test func `all who wait hear of an event, and those who come later at once`() {
    let event = DeferredEvent()
    var log: [Int] = []
    let waiting = (0..<4).map { number in event.wait().addCallback { log.append(number) } }
    waiting[2].addErrback { _ in }
    waiting[2].cancel()
    #expect(event.waiting == 3)
    event.set()
    event.set()
    #expect(log == [0, 1, 3] && event.isSet)
    #expect(event.wait().isFired)
    event.clear()
    #expect(!event.wait().isFired)
  }

  @Test func `one that is cancelled by the one before it hears of its cancellation`() throws {
    let event = DeferredEvent()
    var second: Deferred<Void>?
    event.wait().addCallback { second?.cancel() }
    second = event.wait()
    event.set()
    // `set()` had already taken it out of the queue with the others.
    try failureResult(of: #require(second), as: CancelledError.self)
  }

  @Test func `a notice wakes as many as it says, not those who come because of it`() {
    let condition = DeferredCondition()
    var log: [String] = []
    func wait(_ name: String) {
      condition.wait().addCallback {
        log.append(name)
        wait(name + "'")
      }
    }
    for name in ["a", "b", "c"] { wait(name) }
    condition.notify()
    #expect(log == ["a"])
    condition.notify(2)
    #expect(log == ["a", "b", "c"])
    condition.notifyAll()
    #expect(log == ["a", "b", "c", "a'", "b'", "c'"])
    #expect(condition.waiting == 3)
  }

  @Test func `waiting until something is so asks after each notice`() throws {
    struct Trouble: Error {}
    let condition = DeferredCondition()
    var number = 0
    #expect(condition.wait(until: { number == 0 }).isFired)
    let wait = condition.wait(until: { number > 1 })
    let failing = condition.wait(until: { if number > 0 { throw Trouble() } else { false } })
    for _ in 0..<2 {
      #expect(!wait.isFired)
      number += 1
      condition.notifyAll()
    }
    #expect(wait.isFired && condition.waiting == 0)
    try failureResult(of: failing, as: Trouble.self)
  }

  @Test func `a barrier holds all back until the last has arrived, and begins anew`() throws {
    let barrier = DeferredBarrier(3)
    var log: [Int] = []
    func come() -> Deferred<Void> { barrier.wait().addCallback { log.append($0) } }
    let first = come()
    first.addErrback { _ in }
    _ = come()
    first.cancel()
    #expect(barrier.waiting == 1)
    _ = come()
    #expect(log.isEmpty)
    _ = come()
    #expect(log.sorted() == [0, 1, 2] && barrier.waiting == 0)
    let waiting = barrier.wait()
    barrier.abort()
    try failureResult(of: waiting, as: BrokenBarrierError.self)
    try failureResult(of: barrier.wait(), as: BrokenBarrierError.self)
    barrier.reset()
    #expect(!barrier.wait().isFired && !barrier.isBroken)
  }
}
