import SwirlDeferred
import SwirlPlatform

/// A bounded number of threads for work that blocks.
///
/// It starts threads on demand, up to the bound; they end when the pool is closed or released. Work waits in FIFO order
/// while all threads are busy. Any thread may use it. Twisted: `ThreadPool`.
///
/// A stopping reactor waits for the work of ``Reactor/deferToThread(in:name:mayBeAbandoned:file:line:_:)``, but not for
/// that of ``run(_:)``.
public final class ThreadPool: Sendable {
  /// The maximum number of threads, at least one. It may be changed at any time, from any thread: more threads start
  /// for work that waits; threads too many end as soon as they have no work, so running work is never cut off. Twisted:
  /// `adjustPoolsize`.
  public var size: Int {
    get { queue.maximumThreads }
    set {
      require(newValue > 0, "a thread pool needs one thread or more, not \(newValue)")
      queue.resize(to: newValue)
    }
  }
  /// The maximum length of the queue while all threads are busy.
  public let maximumWaiting: Int
  private let queue: WorkQueue

  /// - Parameters:
  ///   - size: the maximum number of threads, at least one.
  ///   - maximumWaiting: the maximum length of the queue while all threads are busy; more work is refused.
  ///   - name: the threads' name in debuggers and in `top -H`, up to 15 bytes.
  public convenience init(size: Int, maximumWaiting: Int = .max, name: String = "swirl-pool") {
    self.init(size: size, maximumWaiting: maximumWaiting, maximumAbandoned: 0, name: name)
  }

  /// - Parameter maximumAbandoned: the number of extra threads, beside the `size` others, that may be busy with work
  ///   whose outcome is no longer wanted.
  package init(size: Int, maximumWaiting: Int = .max, maximumAbandoned: Int, name: String) {
    require(size > 0, "a thread pool needs one thread or more, not \(size)")
    require(maximumWaiting >= 0, "\(maximumWaiting) calls cannot wait")
    self.maximumWaiting = maximumWaiting
    queue = WorkQueue(
      .init(name: name, threads: size, waiting: maximumWaiting, abandoned: maximumAbandoned))
  }

  deinit { queue.close() }

  /// Runs `work` on one of the threads.
  /// - Returns: false if the pool is closed, the queue is full, or no thread can start; `work` will not run.
  @discardableResult
  public func run(_ work: @escaping @Sendable () -> Void) -> Bool { (try? submit(work)) != nil }

  /// Queues `work`, which a thread will run unless it is withdrawn first.
  func submit(_ work: @escaping @Sendable () -> Void) throws(ThreadPoolError) -> WorkTicket {
    WorkTicket(queue: queue, number: try queue.add(work))
  }

  /// The number of threads that run work at this moment.
  var busyThreads: Int { queue.started }

  /// The name of the work that runs on this thread, if it is a pool's and has a name: for log metadata.
  public static var currentWork: String? { work }
  @TaskLocal static var work: String?

  /// Accepts no more work, and ends the threads once the queue is empty. Does not wait for them.
  public func close() { queue.close() }
}

/// Accepted work of a pool. It retains the queue, not the pool, so that a ticket does not keep idle threads alive.
struct WorkTicket: Sendable {
  fileprivate let queue: WorkQueue
  fileprivate let number: Int

  /// Withdraws the work: it never runs. False if a thread has started it.
  func withdraw() -> Bool { queue.withdraw(number) }

  /// The outcome is no longer wanted: while the work still runs an extra thread may take its place, within the pool's
  /// limit.
  func abandon() { queue.abandon(number) }
}
