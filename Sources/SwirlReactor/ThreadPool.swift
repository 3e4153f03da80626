import SwirlDeferred
import SwirlPlatform

/// A bounded number of threads for work that blocks.
///
/// Threads are started as work comes, up to the bound, and end when the pool is closed or let go of; what comes while all
/// are busy waits, and is taken in order. Any thread may use it. Twisted: `ThreadPool`.
///
/// A reactor that stops waits for what ``Reactor/deferToThread(in:name:mayBeAbandoned:file:line:_:)`` gave to a pool. Nothing waits for
/// what ``run(_:)`` gave to it.
public final class ThreadPool: Sendable {
  /// The most threads there will be.
  public let size: Int
  /// How much work may wait while all threads are busy.
  public let maximumWaiting: Int
  private let queue: WorkQueue

  /// - Parameters:
  ///   - size: the most threads there will be, one or more.
  ///   - maximumWaiting: how much work may wait while all threads are busy; more is refused.
  ///   - name: what the threads are called in debuggers and in `top -H`, up to 15 bytes.
  public convenience init(size: Int, maximumWaiting: Int = .max, name: String = "swirl-pool") {
    self.init(size: size, maximumWaiting: maximumWaiting, maximumAbandoned: 0, name: name)
  }

  /// - Parameter maximumAbandoned: how many threads may be busy with work whose outcome is no longer wanted, beside the `size` others.
  package init(size: Int, maximumWaiting: Int = .max, maximumAbandoned: Int, name: String) {
    require(size > 0, "a thread pool needs one thread or more, not \(size)")
    require(maximumWaiting >= 0, "\(maximumWaiting) calls cannot wait")
    self.size = size
    self.maximumWaiting = maximumWaiting
    queue = WorkQueue(
      .init(name: name, threads: size, waiting: maximumWaiting, abandoned: maximumAbandoned))
  }

  deinit { queue.close() }

  /// Runs `work` on one of the threads.
  /// - Returns: false when the pool is closed, as much waits as may, or there is no thread to be had; `work` will not run.
  @discardableResult
  public func run(_ work: @escaping @Sendable () -> Void) -> Bool { (try? submit(work)) != nil }

  /// Takes `work`, which a thread will run unless it is withdrawn before.
  func submit(_ work: @escaping @Sendable () -> Void) throws(ThreadPoolError) -> WorkTicket {
    WorkTicket(queue: queue, number: try queue.add(work))
  }

  /// The name of what runs on this thread, where that is work of a pool that was given one: for the metadata of logs.
  @TaskLocal public static var currentWork: String?

  /// Lets the work that waits be done, ends the threads and takes no more. Does not wait for them.
  public func close() { queue.close() }
}

/// Work that a pool has taken. It holds the queue, not the pool, so that a ticket does not keep threads waiting for more.
struct WorkTicket: Sendable {
  fileprivate let queue: WorkQueue
  fileprivate let number: Int

  /// Takes the work back: it never runs. False when a thread has begun it.
  func withdraw() -> Bool { queue.withdraw(number) }

  /// The outcome is no longer wanted: while the work still runs another thread may take its place, as far as the pool allows that.
  func abandon() { queue.abandon(number) }
}
