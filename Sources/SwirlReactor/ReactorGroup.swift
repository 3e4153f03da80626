import SwirlDeferred
import SwirlPlatform
import Synchronization

/// Several reactors, each on a thread of its own, for programs that need more than one core.
///
/// ```swift
/// let group = ReactorGroup()
/// for url in urls { tasks.addTask { try await group.next().run { _ in fetch(url) } } }
/// ```
///
/// What belongs to one of the reactors stays with it. NIO: `MultiThreadedEventLoopGroup`.
public final class ReactorGroup: Sendable {
  /// The threads, in the order in which ``next()`` gives them.
  public let threads: [ReactorThread]
  private let position = Atomic(0)

  /// Starts the threads.
  /// - Parameter count: how many; one for each processor unless told otherwise.
  public init(count: Int = ReactorGroup.processorCount) {
    require(count > 0, "a group of reactors needs one or more, not \(count)")
    threads = (1...count).map { ReactorThread(name: "swirl-\($0)") }
  }

  /// How many processors are there to use.
  public static var processorCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// The next thread, each in its turn.
  public func next() -> ReactorThread {
    let number = position.wrappingAdd(1, ordering: .relaxed).oldValue
    return threads[Int(UInt(bitPattern: number) % UInt(threads.count))]
  }

  /// Stops all the reactors and waits until they have gone.
  public func stop() async {
    for thread in threads { thread.remote.stop() }
    for thread in threads { await thread.stop() }
  }
}
