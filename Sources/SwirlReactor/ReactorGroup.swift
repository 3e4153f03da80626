import SwirlDeferred
import SwirlPlatform
import Synchronization

/// Several reactors, each on its own thread, for programs that need more than one core.
///
/// ```swift
/// let group = ReactorGroup()
/// for url in urls { tasks.addTask { try await group.next().run { _ in fetch(url) } } }
/// ```
///
/// Objects of one reactor stay on its thread. NIO: `MultiThreadedEventLoopGroup`.
public final class ReactorGroup: Sendable {
  /// The threads, in the order of ``next()``.
  public let threads: [ReactorThread]
  private let position = Atomic(0)

  /// Starts the threads.
  /// - Parameter count: their number; by default one for each processor.
  public init(count: Int = ReactorGroup.processorCount) {
    require(count > 0, "a group of reactors needs one or more, not \(count)")
    threads = (1...count).map { ReactorThread(name: "swirl-\($0)") }
  }

  /// The number of available processors.
  public static var processorCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// The next thread, in rotation.
  public func next() -> ReactorThread {
    let number = position.wrappingAdd(1, ordering: .relaxed).oldValue
    return threads[Int(UInt(bitPattern: number) % UInt(threads.count))]
  }

  /// Stops all the reactors and waits until their threads have ended.
  public func stop() async {
    for thread in threads { thread.remote.stop() }
    for thread in threads { await thread.stop() }
  }
}
