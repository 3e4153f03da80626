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
  private let name: String
  private let queue = WorkQueue()

  /// - Parameters:
  ///   - size: the most threads there will be, one or more.
  ///   - name: what the threads are called in debuggers and in `top -H`, up to 15 bytes.
  public init(size: Int, name: String = "swirl-pool") {
    precondition(size > 0, "a thread pool needs one thread or more, not \(size)")
    self.size = size
    self.name = name
  }

  deinit { queue.close() }

  /// Runs `work` on one of the threads.
  /// - Returns: false when the pool is closed; `work` will not run.
  @discardableResult
  public func run(_ work: @escaping @Sendable () -> Void) -> Bool {
    switch queue.add(work, maximumThreads: size) {
    case .taken: true
    case .refused: false
    case .needsThread:
      startThread()
    }
  }

  /// Lets the work that waits be done, ends the threads and takes no more. Does not wait for them.
  public func close() { queue.close() }

  /// Starts one more thread, which holds the queue, not the pool, so that letting go of the pool ends it. True, since some thread
  /// will take the work.
  private func startThread() -> Bool {
    let code = SystemThread.start(name: name) { [queue] in
      while let work = queue.next() { work() }
    }
    if code != 0 { queue.threadFailed(code) }
    return true
  }
}

/// Work that waits for threads.
///
/// Unchecked, because everything in it is only touched under `lock`.
private final class WorkQueue: @unchecked Sendable {
  enum Added {
    /// A thread will take it.
    case taken
    /// It waits, but no thread is free and there may be one more.
    case needsThread
    /// The queue is closed.
    case refused
  }

  private let lock = Lock()
  private var waiting: [@Sendable () -> Void] = []
  /// How many of `waiting` were taken: they are removed together, when half of it is.
  private var taken = 0
  private var threads = 0
  private var idleThreads = 0
  private var isClosed = false

  func add(_ work: @escaping @Sendable () -> Void, maximumThreads: Int) -> Added {
    lock.withLock {
      if isClosed { return .refused }
      waiting.append(work)
      if idleThreads >= waiting.count - taken {
        lock.signal()
        return .taken
      }
      guard threads < maximumThreads else { return .taken }
      threads += 1
      return .needsThread
    }
  }

  /// The kernel gave no thread. Fine while there is another; without any, the work cannot be done, now or later.
  func threadFailed(_ code: Int32) {
    lock.withLock {
      threads -= 1
      precondition(threads > 0, "cannot start a thread: \(String(cString: strerror(code)))")
    }
  }

  /// Waits for work; nil when there will be no more.
  func next() -> (@Sendable () -> Void)? {
    lock.withLock {
      while taken == waiting.count {
        if isClosed {
          threads -= 1
          return nil
        }
        idleThreads += 1
        lock.wait()
        idleThreads -= 1
      }
      let work = waiting[taken]
      waiting[taken] = {}
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
