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
  private let stopHooks = Mutex(StopHooks())

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

  /// Stops all the reactors and waits until their threads have ended. Servers on the whole group are stopped first, in
  /// good order.
  public func stop() async {
    for hook in stopHooks.withLock({ $0.takeAll() }) { await hook() }
    for thread in threads { thread.remote.stop() }
    for thread in threads { await thread.stop() }
  }
}

extension ReactorGroup {
  package typealias StopHook = @Sendable () async -> Void

  /// Calls `hook` before the reactors are stopped. Returns a number for `removeStopHook`.
  package func addStopHook(_ hook: @escaping StopHook) -> Int { stopHooks.withLock { $0.add(hook) } }

  /// Removes a hook; does nothing if it was called.
  package func removeStopHook(_ number: Int) { stopHooks.withLock { $0.hooks[number] = nil } }

  private struct StopHooks {
    var hooks: [Int: StopHook] = [:]
    private var lastNumber = 0

    mutating func add(_ hook: @escaping StopHook) -> Int {
      lastNumber += 1
      hooks[lastNumber] = hook
      return lastNumber
    }

    mutating func takeAll() -> [StopHook] {
      defer { hooks = [:] }
      return hooks.sorted { $0.key < $1.key }.map(\.value)
    }
  }
}
