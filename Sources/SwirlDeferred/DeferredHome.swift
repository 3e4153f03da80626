import Synchronization

/// A thread on which Deferreds are fired, and tasks wait for them: that of a reactor.
package protocol DeferredHome: TaskExecutor {
  /// The task that runs now, on this thread, as one of `isolation`; nil where it would not come back here of its own accord.
  func currentTask(of isolation: (any Actor)?) -> (any TaskAtHome)?
}

/// A task that waits where what it waits for happens. It is told of that, and waits, on that thread.
package protocol TaskAtHome: AnyObject, Sendable {
  /// Waits until `resume()`, if that has not been called. When the task is cancelled `awaited` is, on this thread.
  func wait(for awaited: any CancellableCall, on isolation: isolated (any Actor)?) async

  /// Lets it go on, when the present callback has returned.
  func resume()
}

/// The threads where Deferreds that are awaited are at home.
package enum DeferredHomes {
  private struct Hook {
    var current: (@Sendable () -> (any DeferredHome)?)?
    var mayComeToRun: (@Sendable () -> Bool)?
    var isIdle: (@Sendable () -> Bool)?
  }
  private static let hook = Mutex(Hook())

  /// Sets what tells the home of a thread, if it has one: the reactor that runs there.
  ///
  /// - Parameters:
  ///   - mayComeToRun: whether a reactor may yet run on this thread, where none does.
  ///   - isIdle: whether nothing is under way on the reactor of this thread, or none runs.
  package static func set(
    _ current: @escaping @Sendable () -> (any DeferredHome)?, mayComeToRun: @escaping @Sendable () -> Bool,
    isIdle: @escaping @Sendable () -> Bool
  ) {
    hook.withLock { $0 = Hook(current: current, mayComeToRun: mayComeToRun, isIdle: isIdle) }
  }

  static func current() -> (any DeferredHome)? { hook.withLock { $0 }.current?() }

  /// Whether no reactor of this thread has anything under way.
  static var isIdle: Bool { hook.withLock { $0 }.isIdle?() ?? true }

  /// Whether there are reactors, and none will run on this thread, where none does. Deferreds can be used, and fired, without any.
  static var isHopeless: Bool {
    guard let mayComeToRun = hook.withLock({ $0 }).mayComeToRun else { return false }
    return !mayComeToRun()
  }
}
