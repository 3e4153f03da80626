import SwirlCoordination
import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct QueueTests {
  @Test func `what was put first comes first, what was put last, or what goes before all others`() throws {
    let first = DeferredQueue<Int>()
    let last = DeferredQueue<Int>(order: .lastInFirstOut)
    let least = DeferredQueue<Int>(order: .priority)
    let byTens = DeferredQueue<Int>(order: .priority { $0 / 10 > $1 / 10 })
    for queue in [first, last, least, byTens] { for number in [31, 12, 35, 11, 33] { try queue.putNowait(number) } }
    func all(_ queue: DeferredQueue<Int>) throws -> [Int] {
      try (0..<5).map { _ in try successResult(of: queue.get()) }
    }
    #expect(try all(first) == [31, 12, 35, 11, 33])
    #expect(try all(last) == [33, 11, 35, 12, 31])
    #expect(try all(least) == [11, 12, 31, 33, 35])
    #expect(try all(byTens) == [31, 35, 33, 12, 11], "equal ones in the order they were put")
  }

  @Test func `a random mix of puts and gets gives what a sorted array gives`() throws {
    var random = SeededGenerator(seed: 11)
    let queue = DeferredQueue<Int>(order: .priority)
    var model: [Int] = []
    for _ in 0..<20_000 {
      if Bool.random(using: &random) {
        let number = Int.random(in: 0..<1000, using: &random)
        try queue.putNowait(number)
        model.insert(number, at: model.firstIndex { $0 > number } ?? model.endIndex)
      } else if model.isEmpty {
        #expect(throws: QueueEmptyError.self) { try queue.getNowait() }
      } else {
        #expect(try queue.getNowait() == model.removeFirst())
      }
      #expect(queue.count == model.count)
    }
  }

  @Test func `those who get wait their turn, and one that is cancelled takes nothing`() {
    let queue = DeferredQueue<String>()
    var log: [String] = []
    let waiting = (0..<3).map { number in queue.get().addCallback { log.append("\(number) \($0)") } }
    waiting[1].addErrback { _ in }
    waiting[1].cancel()
    queue.put("a")
    queue.put("b")
    queue.put("c")
    #expect(log == ["0 a", "2 b"])
    #expect(queue.count == 1)
  }

  @Test func `those who put wait for room, and one that is cancelled takes its element back`() throws {
    let queue = DeferredQueue<Int>(size: 2)
    var put: [Int] = []
    let puts = (1...5).map { number in queue.put(number).addCallback { put.append(number) } }
    #expect(put == [1, 2] && queue.isFull)
    #expect(throws: QueueFullError.self) { try queue.putNowait(6) }
    puts[3].addErrback { _ in }
    puts[3].cancel()
    #expect(try queue.getNowait() == 1)
    #expect(put == [1, 2, 3])
    #expect(throws: QueueFullError.self) { try queue.putNowait(7) }
    #expect(try (0..<3).map { _ in try successResult(of: queue.get()) } == [2, 3, 5])
    #expect(put == [1, 2, 3, 5] && queue.isEmpty)
  }

  @Test func `join fires when each element is done, and once more for the next`() throws {
    let queue = DeferredQueue<Int>()
    try successResult(of: queue.join())
    queue.put(1)
    queue.put(2)
    let join = queue.join()
    for _ in 0..<2 {
      #expect(!join.isFired)
      _ = try successResult(of: queue.get())
      queue.taskDone()
    }
    try successResult(of: join)
    #expect(queue.unfinishedTasks == 0)
    let clock = TestClock()
    queue.put(3)
    let late = queue.join(timeout: .seconds(5), clock: clock)
    clock.advance(by: .seconds(5))
    try failureResult(of: late, as: TimeoutError.self)
    queue.taskDone()
  }

  @Test func `taskDone more often than elements were put is an error of the program`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let queue = DeferredQueue<Int>()
      queue.put(1)
      queue.taskDone()
      queue.taskDone()
    }
    let words = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(words.contains("taskDone() was called more often"), "\(words)")
  }

  @Test func `a closed queue gives what it holds, and then tells all who wait`() throws {
    let queue = DeferredQueue<Int>(size: 1)
    queue.put(1)
    let put = queue.put(2)
    queue.close()
    try failureResult(of: put, as: QueueClosedError.self)
    try failureResult(of: queue.put(3), as: QueueClosedError.self)
    #expect(try queue.getNowait() == 1)
    #expect(throws: QueueClosedError.self) { try queue.getNowait() }
    let empty = DeferredQueue<Int>()
    let get = empty.get()
    empty.close()
    try failureResult(of: get, as: QueueClosedError.self)
    try failureResult(of: empty.get(), as: QueueClosedError.self)
  }

  @Test func `elements that were taken are released`() throws {
    final class Element {}
    let queue = DeferredQueue<Element>()
    weak var first: Element?
    do {
      let element = Element()
      first = element
      try queue.putNowait(element)
      for _ in 0..<10 { try queue.putNowait(Element()) }
      _ = try queue.getNowait()
    }
    #expect(first == nil)
  }

  @Test func `a worker whose work is done at once takes 100,000 elements on a stack of its own size`() {
    let queue = DeferredQueue<Int>()
    for number in 0..<100_000 { queue.put(number) }
    var sum = 0
    func work() {
      queue.get().addCallback { number in
        sum += number
        queue.taskDone()
        work()
      }
    }
    work()
    #expect(sum == 4_999_950_000 && queue.unfinishedTasks == 0)
  }

  @Test func `a thousand workers and a thousand putters hand on 100,000 elements on a stack of its own size`() {
    let queue = DeferredQueue<Int>(size: 10)
    var sum = 0
    var taken = 0
    for _ in 0..<50_000 {
      queue.get().addCallback { number in
        sum += number
        taken += 1
        queue.taskDone()
      }
    }
    for number in 0..<100_000 { queue.put(number) }
    for _ in 0..<50_000 {
      queue.get().addCallback { number in
        sum += number
        taken += 1
        queue.taskDone()
      }
    }
    #expect(taken == 100_000 && sum == 100_000 * 99_999 / 2)
    #expect(queue.unfinishedTasks == 0 && queue.isEmpty)
  }

  @Test @MainActor func `loops share what is put until the queue is closed`() async throws {
    let queue = DeferredQueue<Int>(size: 3)
    var sums = [0, 0, 0]
    let tasks = (0..<3).map { index in
      Task { for try await number in queue { sums[index] += number } }
    }
    for number in 1...100 { try await queue.put(number).value }
    while !queue.isEmpty { await Task.yield() }
    queue.close()
    for task in tasks { try await task.value }
    #expect(sums.reduce(0, +) == 5050)
  }

  @Test func `what a callback puts before it closes the queue is given to those who wait`() throws {
    let queue = DeferredQueue<Int>()
    queue.get().addCallback { _ in
      queue.put(2)
      queue.close()
    }
    let (second, third) = (queue.get(), queue.get())
    queue.put(1)
    #expect(try successResult(of: second) == 2)
    try failureResult(of: third, as: QueueClosedError.self)
    #expect(queue.isEmpty)
  }

  @Test func `a withdrawn element may use the queue when it is released`() {
    final class Lease {
      private let pool: DeferredQueue<Lease?>
      init(_ pool: DeferredQueue<Lease?>) { self.pool = pool }
      deinit { pool.put(nil) }
    }
    let pool = DeferredQueue<Lease?>(size: 1)
    pool.put(nil)
    let waiting = pool.put(Lease(pool))
    waiting.addErrback { _ in }
    waiting.cancel()
    #expect(pool.count == 1)
  }
}
