import SwirlDeferred

/// Work that waits for threads, and the threads that take it. They hold the queue, not the pool, so that letting go of the pool ends them.
///
/// Unchecked, because everything in it is only touched under `lock`.
final class WorkQueue: @unchecked Sendable {
  struct Limits {
    /// What the threads are called.
    let name: String
    /// How many threads there may be, those with abandoned work not counted.
    let threads: Int
    /// How much work may wait for them.
    let waiting: Int
    /// How many threads may be busy with abandoned work.
    let abandoned: Int
  }

  private struct Work {
    let body: @Sendable () -> Void
  }

  private enum Added {
    /// A thread will take it.
    case taken
    /// It waits, but no thread is free and there may be one more.
    case needsThread
    case refused(ThreadPoolError)
  }

  private let limits: Limits
  private let lock = Lock()
  /// The number of a work is its ticket.
  private var works = TicketQueue<Work>()
  private var threads = 0
  private var idleThreads = 0
  /// The work that threads have begun, and whose outcome is wanted.
  private var running: Set<Int> = []
  /// The work that threads have begun, and whose outcome is no longer wanted: its threads count as none.
  private var abandoned: Set<Int> = []
  private var isClosed = false

  init(_ limits: Limits) { self.limits = limits }

  private var countedThreads: Int { threads - abandoned.count }

  /// Returns the number of the work.
  func add(_ body: @escaping @Sendable () -> Void) throws(ThreadPoolError) -> Int {
    let (added, number) = lock.withLock { (enqueue(body), works.nextTicket - 1) }
    switch added {
    case .taken: break
    case .refused(let error): throw error
    case .needsThread: if let error = startThread(for: number) { throw error }
    }
    return number
  }

  private func enqueue(_ body: @escaping @Sendable () -> Void) -> Added {
    if isClosed { return .refused(.closed) }
    // What there is, or will be, a thread for does not wait.
    let excess = works.count + running.count - limits.threads
    if excess >= limits.waiting { return .refused(.full) }
    // The threads that are left may never be free either.
    if excess >= 0, limits.abandoned > 0, abandoned.count >= limits.abandoned { return .refused(.allAbandoned) }
    works.append(Work(body: body))
    if idleThreads >= works.count {
      lock.signal()
      return .taken
    }
    guard countedThreads < limits.threads else { return .taken }
    threads += 1
    return .needsThread
  }

  /// Takes work back; false when a thread has begun it.
  func withdraw(_ number: Int) -> Bool {
    // What it captures is released without the lock.
    let work = lock.withLock { works.remove(number) }
    return work != nil
  }

  /// The outcome of work that a thread has begun is no longer wanted: the thread's place is another's from now on.
  func abandon(_ number: Int) {
    let needsThread = lock.withLock {
      guard abandoned.count < limits.abandoned, running.remove(number) != nil else { return false }
      abandoned.insert(number)
      guard works.count > idleThreads, countedThreads < limits.threads else { return false }
      threads += 1
      return true
    }
    // Without a thread the work waits for one of the others, as before.
    if needsThread { _ = startThread(for: nil) }
  }

  func close() {
    lock.withLock {
      isClosed = true
      lock.signalAll()
    }
  }

  // MARK: - Threads

  private func startThread(for number: Int?) -> ThreadPoolError? {
    let code = SystemThread.start(name: limits.name) { [self] in
      var done: Int?
      while let (number, body) = next(after: done) {
        body()
        done = number
      }
    }
    return code == 0 ? nil : threadFailed(code, for: number)
  }

  /// The kernel gave no thread for the work of this number. Fine while there is another; without any, it is taken back.
  private func threadFailed(_ code: Int32, for number: Int?) -> ThreadPoolError? {
    let refused = lock.withLock { () -> Work? in
      threads -= 1
      guard countedThreads == 0, let number else { return nil }
      return works.remove(number)
    }
    return refused == nil ? nil : .noThread(code)
  }

  /// Waits for work; nil when the thread is to end. `done` is what it has just done.
  private func next(after done: Int?) -> (Int, @Sendable () -> Void)? {
    lock.withLock {
      if let done, running.remove(done) == nil { abandoned.remove(done) }
      while true {
        // Others have taken the places of those whose work was abandoned.
        let isOneTooMany = countedThreads > limits.threads
        if isOneTooMany || works.count == 0 && isClosed {
          threads -= 1
          return nil
        }
        if let (number, work) = works.popFirstWithTicket() {
          running.insert(number)
          return (number, work.body)
        }
        idleThreads += 1
        lock.wait()
        idleThreads -= 1
      }
    }
  }
}
