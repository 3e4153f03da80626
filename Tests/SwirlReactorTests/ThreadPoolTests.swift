import SwirlDeferred
import SwirlPlatform
import Testing

@testable import SwirlReactor

@Suite struct ThreadPoolTests {
  @Test func `all its threads work at once, and never more`() {
    let pool = ThreadPool(size: 4)
    let started = Gate()
    let go = Gate()
    let done = Gate()
    let counts = Guarded((now: 0, most: 0))
    for _ in 0..<20 {
      pool.run {
        counts.withLock {
          $0.now += 1
          $0.most = max($0.most, $0.now)
        }
        started.open()
        go.wait()
        counts.withLock { $0.now -= 1 }
        done.open()
      }
    }
    // All four must run at once; otherwise this blocks for ever.
    for _ in 0..<4 { started.wait() }
    #expect(counts.withLock { $0.now } == 4)
    for _ in 0..<20 { go.open() }
    for _ in 0..<20 { done.wait() }
    #expect(counts.withLock { $0.most } == 4)
  }

  #if os(Linux)
  @Test func `where there is no thread to be had work is refused, until there is one`() async {
    await #expect(processExitsWith: .success) {
      // Not enough memory for another stack.
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
      let before = limit
      limit.rlim_cur = 1
      setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
      let pool = ThreadPool(size: 2)
      let isTaken = pool.run {}
      limit = before
      setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
      precondition(!isTaken)
      let done = Gate()
      precondition(pool.run { done.open() })
      done.wait()
    }
  }
  #endif

  @Test func `one thread takes the work in order`() {
    let pool = ThreadPool(size: 1)
    let seen = Guarded<[Int]>([])
    let done = Gate()
    for number in 0..<10_000 { pool.run { seen.withLock { $0.append(number) } } }
    pool.run { done.open() }
    done.wait()
    #expect(seen.withLock { $0 } == Array(0..<10_000))
  }

  @Test func `work from many threads is all done`() {
    let pool = ThreadPool(size: 3)
    let done = Gate()
    let total = Total()
    for _ in 0..<4 {
      startThread {
        for _ in 0..<5000 {
          pool.run { if total.add() == 20_000 { done.open() } }
        }
      }
    }
    done.wait()
  }

  @Test func `its threads bear its name`() {
    let name = Guarded("")
    let done = Gate()
    let pool = ThreadPool(size: 1, name: "a-name-that-is-too-long")
    pool.run {
      var bytes = [UInt8](repeating: 0, count: 32)
      let descriptor = open("/proc/thread-self/comm", O_RDONLY)
      let count = read(descriptor, &bytes, bytes.count)
      close(descriptor)
      name.withLock { $0 = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) }
      done.open()
    }
    done.wait()
    #expect(name.withLock { $0 } == "a-name-that-is-\n")
  }

  @Test func `a closed pool completes its queue, and takes no more`() {
    let pool = ThreadPool(size: 1)
    let gate = Gate()
    let done = Gate()
    pool.run { gate.wait() }
    #expect(pool.run { done.open() })
    pool.close()
    #expect(!pool.run { Issue.record("it is closed") })
    gate.open()
    done.wait()
  }

  @Test(arguments: [true, false]) func `its threads end when it is closed or released`(isClosed: Bool) {
    let ended = Gate()
    let started = Gate()
    let go = Gate()
    var pool: ThreadPool? = ThreadPool(size: 3)
    for _ in 0..<3 {
      pool?.run {
        EndOfThread.opens(ended)
        started.open()
        go.wait()
      }
    }
    // All three are busy at once, so there are three threads; one is still busy when the pool is released.
    for _ in 0..<3 { started.wait() }
    go.open()
    go.open()
    if isClosed { pool?.close() } else { pool = nil }
    go.open()
    for _ in 0..<3 { ended.wait() }
    withExtendedLifetime(pool) {}
  }

  @Test func `work that is withdrawn never runs, whatever was withdrawn before and after it`() throws {
    let pool = ThreadPool(size: 1)
    let (begun, gate, done) = (Gate(), Gate(), Gate())
    let seen = Guarded<[Int]>([])
    pool.run {
      begun.open()
      gate.wait()
    }
    begun.wait()
    // Enough that withdrawn calls are purged several times.
    let tickets = try (0..<1000).map { number in try pool.submit { seen.withLock { $0.append(number) } } }
    for (number, ticket) in tickets.enumerated() where number % 10 != 0 { #expect(ticket.withdraw()) }
    for (number, ticket) in tickets.enumerated() where number % 10 != 0 { #expect(!ticket.withdraw()) }
    pool.run { done.open() }
    gate.open()
    done.wait()
    #expect(seen.withLock { $0 } == Array(stride(from: 0, to: 1000, by: 10)))
    #expect(!tickets[0].withdraw())
  }

  @Test func `abandoned work leaves its place to others, as often as the pool allows; then work is refused`() throws {
    let pool = ThreadPool(size: 2, maximumAbandoned: 3, name: "abandoned")
    let (begun, gate, done) = (Gate(), Gate(), Gate())
    func block() throws -> WorkTicket {
      let ticket = try pool.submit {
        begun.open()
        gate.wait()
        done.open()
      }
      begun.wait()
      return ticket
    }
    var stuck = try (0..<2).map { _ in try block() }
    // This call waits until a place is free.
    let waited = Gate()
    let waiting = try pool.submit { waited.open() }
    stuck[0].abandon()
    waited.wait()
    #expect(!waiting.withdraw())
    stuck.append(try block())
    stuck[1].abandon()
    stuck[2].abandon()
    for _ in 0..<2 { stuck.append(try block()) }
    stuck[3].abandon()
    #expect(throws: ThreadPoolError.allAbandoned) { try pool.submit {} }
    for _ in 0..<5 { gate.open() }
    for _ in 0..<5 { done.wait() }
    // There are too many threads by now: these end.
    let limit = ContinuousClock.now + .seconds(30)
    while Place.all.count(where: { $0 == "abandoned" }) > 2, ContinuousClock.now < limit { sched_yield() }
    #expect(Place.all.count { $0 == "abandoned" } == 2)
    for _ in 0..<2 { #expect(pool.run { done.open() }) }
    for _ in 0..<2 { done.wait() }
  }

  @Test func `what the work captures is released when it is done`() {
    final class Object: Sendable {
      let gate: Gate
      init(_ gate: Gate) { self.gate = gate }
      deinit { gate.open() }
    }
    let released = Gate()
    let pool = ThreadPool(size: 1)
    do {
      let object = Object(released)
      pool.run { _ = object }
    }
    // Without further calls from this thread.
    released.wait()
  }

  @Test func `a pool of no threads is refused`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = ThreadPool(size: 0)
    }
    #expect(words(of: result).contains("a thread pool needs one thread or more, not 0"))
  }

  @Test func `a pool that grows starts threads for the work that waits`() {
    let pool = ThreadPool(size: 1)
    let (started, go) = (Gate(), Gate())
    for _ in 0..<3 {
      pool.run {
        started.open()
        go.wait()
      }
    }
    started.wait()
    #expect(pool.size == 1)
    pool.size = 3
    // Otherwise this blocks for ever.
    started.wait()
    started.wait()
    for _ in 0..<3 { go.open() }
  }

  @Test func `a pool that shrinks lets running work end`() {
    let pool = ThreadPool(size: 4)
    let (started, go, done) = (Gate(), Gate(), Gate())
    let counts = Guarded((now: 0, most: 0))
    for _ in 0..<4 {
      pool.run {
        started.open()
        go.wait()
        done.open()
      }
    }
    for _ in 0..<4 { started.wait() }
    pool.size = 1
    for _ in 0..<20 {
      pool.run {
        counts.withLock {
          $0.now += 1
          $0.most = max($0.most, $0.now)
        }
        counts.withLock { $0.now -= 1 }
        done.open()
      }
    }
    for _ in 0..<4 { go.open() }
    for _ in 0..<24 { done.wait() }
    #expect(pool.size == 1 && counts.withLock { $0.most } == 1)
    let (first, second) = (Gate(), Gate())
    pool.run { first.wait() }
    pool.run { second.open() }
    first.open()
    second.wait()
  }

  @Test func `the size may change from many threads while work runs`() {
    let pool = ThreadPool(size: 2)
    let done = Gate()
    for number in 0..<2000 {
      pool.run {
        if number.isMultiple(of: 7) { pool.size = 1 + number % 5 }
        done.open()
      }
    }
    for _ in 0..<2000 { done.wait() }
  }
}

private final class Total: Sendable {
  private let count = Guarded(0)

  func add() -> Int {
    count.withLock {
      $0 += 1
      return $0
    }
  }
}

/// Reports the end of a thread by the destructor of its thread-specific data.
private enum EndOfThread {
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { context in
      // The reference was retained when it was set.
      Unmanaged<Gate>.fromOpaque(context!).takeRetainedValue().open()
    }
    return key
  }()

  static func opens(_ gate: Gate) {
    if pthread_getspecific(key) == nil { pthread_setspecific(key, Unmanaged.passRetained(gate).toOpaque()) }
  }
}
