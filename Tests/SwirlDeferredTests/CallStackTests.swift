import SwirlDeferred
import Testing

/// A hundred thousand steps, each started by a callback of the previous one. Tests run on threads of Swift's pool,
/// which have 512 KiB of stack: five bytes a step.
@Suite(.reported) struct CallStackTests {
  private static let rounds = 100_000

  @Test func `a worker whose work is done at once uses no stack`() {
    var count = 0
    func work() {
      Deferred.succeed(1).addCallback { _ in
        count += 1
        if count < Self.rounds { work() }
      }
    }
    work()
    #expect(count == Self.rounds)
  }

  @Test func `a callback that returns its next round, already fired, uses no stack`() {
    var count = 0
    func again() -> Deferred<Int> {
      Deferred.succeed(1).addCallback { value in
        count += 1
        return count < Self.rounds ? again() : .succeed(count)
      }
    }
    var result = 0
    again().addCallback { result = $0 }
    #expect(result == Self.rounds)
  }

  @Test func `errbacks and addBoth in rounds use no stack`() {
    var count = 0
    func again() -> Deferred<Int> {
      Deferred<Int>.fail(Boom()).addErrback { error in
        count += 1
        if count < Self.rounds { return again() }
        throw error
      }.addBoth { try $0.get() }
    }
    var isFailed = false
    again().addErrback { isFailed = $0 is Boom }
    #expect(count == Self.rounds && isFailed)
  }

  @Test func `each callback fires the next Deferred`() {
    let all = (0..<Self.rounds).map { _ in Deferred<Int>() }
    for index in 1..<all.count {
      let next = all[index]
      all[index - 1].addCallback { next.callback($0 + 1) }
    }
    var result = 0
    all.last!.addCallback { result = $0 }
    all[0].callback(1)
    #expect(result == Self.rounds)
  }

  @Test func `a stage that is paused while it waits for its turn runs when it is resumed`() {
    var log: [String] = []
    func down(_ depth: Int) {
      let d = Deferred.succeed(depth)
      if depth == 0 {
        d.pause()
        d.addCallback { _ in log.append("last") }
        d.unpause()
        return
      }
      d.addCallback { down($0 - 1) }
    }
    down(100_000)
    #expect(log == ["last"])
  }

  @Test func `callbacks on one stage keep their order at any depth`() {
    var wrong = 0
    func down(_ depth: Int) {
      if depth == 0 { return }
      var order: [Int] = []
      let d = Deferred.succeed(depth)
      d.addCallback { _ in
        order.append(1)
        down(depth - 1)
      }
      d.addCallback { _ in
        order.append(2)
        if order != [1, 2] { wrong += 1 }
      }
    }
    down(100_000)
    #expect(wrong == 0)
  }

  @Test func `lists in lists, 20,000 deep, are cancelled`() {
    var list: Deferred<[Result<Int, any Error>]> = DeferredList([Deferred<Int>()], consumeErrors: true)
    for _ in 0..<20_000 {
      let inner = list
      list = DeferredList([inner.addCallback { $0.count }], consumeErrors: true)
    }
    var isEnded = false
    // If the stack is short, a list cancels its members later, and fails with CancelledError.
    list.addBoth { _ in isEnded = true }
    list.cancel()
    #expect(isEnded)
  }

  @Test func `cancellers that cancel the next one`() {
    var ended = 0
    var next = Deferred<Int>()
    next.addErrback { _ in 0 }
    for _ in 0..<100_000 {
      let inner = next
      next = Deferred<Int>(canceller: { _ in inner.cancel() })
      next.addErrback { _ in
        ended += 1
        return 0
      }
    }
    next.cancel()
    #expect(ended == 100_000)
  }

  @Test func `Deferreds that only closures hold are freed`() {
    weak var first: Deferred<Int>?
    do {
      var held = Deferred<Int>()
      first = held
      for _ in 0..<Self.rounds {
        let inner = held
        held = Deferred<Int>()
        held.addCallback { inner.callback($0) }
      }
    }
    #expect(first == nil)
  }

  @Test func `Deferreds that only cancellers hold are freed`() {
    weak var first: Deferred<Int>?
    do {
      var held = Deferred<Int>()
      first = held
      for _ in 0..<Self.rounds {
        let inner = held
        held = Deferred<Int>(canceller: { _ in inner.cancel() })
      }
    }
    #expect(first == nil)
  }
}
