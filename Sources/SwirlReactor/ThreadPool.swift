import SwirlDeferred

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A bounded number of threads for work that blocks.
///
/// Threads are started as work comes, up to the bound, and end when the pool is closed or let go of; what comes while all
/// are busy waits, and is taken in order. Any thread may use it. Twisted: `ThreadPool`.
public final class ThreadPool: Sendable {
  /// The most threads there will be.
  public let size: Int
  /// How much work may wait while all threads are busy.
  public let maximumWaiting: Int
  private let name: String
  private let queue = WorkQueue()

  /// - Parameters:
  ///   - size: the most threads there will be, one or more.
  ///   - maximumWaiting: how much work may wait while all threads are busy; more is refused.
  ///   - name: what the threads are called in debuggers and in `top -H`, up to 15 bytes.
  public init(size: Int, maximumWaiting: Int = .max, name: String = "swirl-pool") {
    require(size > 0, "a thread pool needs one thread or more, not \(size)")
    require(maximumWaiting >= 0, "\(maximumWaiting) calls cannot wait")
    self.size = size
    self.maximumWaiting = maximumWaiting
    self.name = name
  }

  deinit { queue.close() }

  /// Runs `work` on one of the threads.
  /// - Returns: false when the pool is closed, as much waits as may, or there is no thread to be had; `work` will not run.
  @discardableResult
  public func run(_ work: @escaping @Sendable () -> Void) -> Bool { submit(work) == nil }

  /// Runs `work`, or returns why not.
  func submit(_ work: @escaping @Sendable () -> Void) -> ThreadPoolError? {
    switch queue.add(work, maximumThreads: size, maximumWaiting: maximumWaiting) {
    case .taken: return nil
    case .needsThread(let number): return startThread(for: number)
    case .refused(let error): return error
    }
  }

  /// The name of what runs on this thread, where that is work of a pool that was given one: for the metadata of logs.
  @TaskLocal public static var currentWork: String?

  /// Lets the work that waits be done, ends the threads and takes no more. Does not wait for them.
  public func close() { queue.close() }

  /// Starts one more thread, which holds the queue, not the pool, so that letting go of the pool ends it.
  private func startThread(for number: Int) -> ThreadPoolError? {
    let code = SystemThread.start(name: name) { [queue] in
      var hasWorked = false
      while let work = queue.next(hasWorked: hasWorked) {
        work()
        hasWorked = true
      }
    }
    return code == 0 ? nil : queue.threadFailed(code, for: number)
  }
}

/// Work that waits for threads.
///
/// Unchecked, because everything in it is only touched under `lock`.
private final class WorkQueue: @unchecked Sendable {
  enum Added {
    /// A thread will take it.
    case taken
    /// It waits under this number, but no thread is free and there may be one more.
    case needsThread(Int)
    case refused(ThreadPoolError)
  }

  private let lock = Lock()
  private var waiting: [(number: Int, work: @Sendable () -> Void)] = []
  private var lastNumber = 0
  /// How many of `waiting` were taken: they are removed together, when half of it is.
  private var taken = 0
  private var threads = 0
  private var idleThreads = 0
  /// How much work threads have taken that is not done.
  private var running = 0
  private var isClosed = false

  func add(_ work: @escaping @Sendable () -> Void, maximumThreads: Int, maximumWaiting: Int) -> Added {
    lock.withLock {
      if isClosed { return .refused(.closed) }
      // What there is, or will be, a thread for does not wait.
      if waiting.count - taken + running - maximumThreads >= maximumWaiting { return .refused(.full) }
      lastNumber += 1
      waiting.append((lastNumber, work))
      if idleThreads >= waiting.count - taken {
        lock.signal()
        return .taken
      }
      guard threads < maximumThreads else { return .taken }
      threads += 1
      return .needsThread(lastNumber)
    }
  }

  /// The kernel gave no thread for the work of this number. Fine while there is another; without any, it is taken back.
  func threadFailed(_ code: Int32, for number: Int) -> ThreadPoolError? {
    let refused = lock.withLock { () -> (@Sendable () -> Void)? in
      threads -= 1
      guard threads == 0, let index = waiting[taken...].firstIndex(where: { $0.number == number }) else { return nil }
      return waiting.remove(at: index).work
    }
    return refused == nil ? nil : .noThread(code)
  }

  /// Waits for work; nil when there will be no more. With whether the thread comes from work that it was given.
  func next(hasWorked: Bool) -> (@Sendable () -> Void)? {
    lock.withLock {
      if hasWorked { running -= 1 }
      while taken == waiting.count {
        if isClosed {
          threads -= 1
          return nil
        }
        idleThreads += 1
        lock.wait()
        idleThreads -= 1
      }
      running += 1
      let work = waiting[taken].work
      waiting[taken].work = {}
      taken += 1
      if taken > 64, taken > waiting.count / 2 || taken == waiting.count {
        waiting.removeFirst(taken)
        taken = 0
      }
      return work
    }
  }

  func close() {
    lock.withLock {
      isClosed = true
      lock.signalAll()
    }
  }
}
