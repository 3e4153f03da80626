import SwirlDeferred

/// The queued work, and the threads that take it. They retain the queue, not the pool, so that releasing the pool ends
/// them.
///
/// Unchecked, because its state is only accessed under `lock`.
final class WorkQueue: @unchecked Sendable {
  struct Limits {
    /// The name of the threads.
    let name: String
    /// The maximum number of threads, without those with abandoned work.
    var threads: Int
    /// The maximum length of the queue.
    let waiting: Int
    /// The maximum number of threads with abandoned work.
    let abandoned: Int
  }

  private struct Work {
    let body: @Sendable () -> Void
  }

  private enum Added {
    /// A thread will take it.
    case taken
    /// An idle thread has to be woken for it.
    case needsSignal
    /// It is queued, but no thread is free and one more may start.
    case needsThread
    case refused(ThreadPoolError)
  }

  private var limits: Limits
  private let lock = Lock()
  private let name: String
  /// The ticket of the work is its number.
  private var works = TicketQueue<Work>()
  private var threads = 0
  private var idleThreads = 0
  /// The running work whose outcome is wanted.
  private var running: Set<Int> = []
  /// The running work whose outcome is no longer wanted: its threads do not count.
  private var abandoned: Set<Int> = []
  private var isClosed = false

  init(_ limits: Limits) {
    self.limits = limits
    name = limits.name
  }

  private var countedThreads: Int { threads - abandoned.count }

  /// The amount of work that threads have started and not ended, wanted or not.
  var started: Int { lock.withLock { running.count + abandoned.count } }

  /// Returns the number of the work.
  func add(_ body: @escaping @Sendable () -> Void) throws(ThreadPoolError) -> Int {
    let (added, number) = lock.withLock { (enqueue(body), works.nextTicket - 1) }
    switch added {
    case .taken: break
    // Without the lock, which the thread would wait for as soon as it is awake.
    case .needsSignal: lock.signal()
    case .refused(let error): throw error
    case .needsThread: if let error = startThread(for: number) { throw error }
    }
    return number
  }

  private func enqueue(_ body: @escaping @Sendable () -> Void) -> Added {
    if isClosed { return .refused(.closed) }
    // Work with a free or starting thread does not count as waiting.
    let excess = works.count + running.count - limits.threads
    if excess >= limits.waiting { return .refused(.full) }
    // The remaining threads may never be free either.
    if excess >= 0, limits.abandoned > 0, abandoned.count >= limits.abandoned { return .refused(.allAbandoned) }
    works.append(Work(body: body))
    if idleThreads >= works.count { return .needsSignal }
    guard countedThreads < limits.threads else { return .taken }
    threads += 1
    return .needsThread
  }

  /// Withdraws work; false if a thread has started it.
  func withdraw(_ number: Int) -> Bool {
    // Release its captures outside the lock.
    let work = lock.withLock { works.remove(number) }
    return work != nil
  }

  /// The outcome of running work is no longer wanted: another thread may take its thread's place.
  func abandon(_ number: Int) {
    let needsThread = lock.withLock {
      guard abandoned.count < limits.abandoned, running.remove(number) != nil else { return false }
      abandoned.insert(number)
      guard works.count > idleThreads, countedThreads < limits.threads else { return false }
      threads += 1
      return true
    }
    // If no thread can start, the work waits for one of the others, as before.
    if needsThread { _ = startThread(for: nil) }
  }

  var maximumThreads: Int { lock.withLock { limits.threads } }

  /// Changes the maximum number of threads.
  func resize(to count: Int) {
    let missing = lock.withLock { () -> Int in
      limits.threads = count
      if countedThreads > count {
        // Idle threads look whether they are too many.
        lock.signalAll()
        return 0
      }
      let missing = max(0, min(count - countedThreads, works.count - idleThreads))
      threads += missing
      return missing
    }
    // If no thread can start, the work waits for one of the others, as before.
    for _ in 0..<missing { _ = startThread(for: nil) }
  }

  func close() {
    lock.withLock {
      isClosed = true
      lock.signalAll()
    }
  }

  // MARK: - Threads

  private func startThread(for number: Int?) -> ThreadPoolError? {
    let code = SystemThread.start(name: name) { [self] in
      var done: Int?
      while let (number, body) = next(after: done) {
        body()
        done = number
      }
    }
    return code == 0 ? nil : threadFailed(code, for: number)
  }

  /// The kernel could not start a thread for this work. That is fine while another thread exists; without any, withdraw
  /// the work.
  private func threadFailed(_ code: Int32, for number: Int?) -> ThreadPoolError? {
    let refused = lock.withLock { () -> Work? in
      threads -= 1
      guard countedThreads == 0, let number else { return nil }
      return works.remove(number)
    }
    return refused == nil ? nil : .noThread(code)
  }

  /// Waits for work; nil if the thread has to end. `done` is the work that it has just ended.
  private func next(after done: Int?) -> (Int, @Sendable () -> Void)? {
    lock.withLock {
      if let done, running.remove(done) == nil { abandoned.remove(done) }
      while true {
        // Other threads have taken the places of those with abandoned work.
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
