import Synchronization

/// The thread of a reactor, on which Deferreds fire and tasks await them.
package protocol DeferredHome: TaskExecutor {
  /// The current task, which runs on this thread with `isolation`; nil if it would not resume here by itself.
  func currentTask(of isolation: (any Actor)?) -> (any TaskAtHome)?
}

/// A task that waits on the thread of the event that it awaits. All calls come on that thread.
package protocol TaskAtHome: AnyObject, Sendable {
  /// Waits until `resume()`, if that was not called already. Cancelling the task cancels `awaited`, on this thread.
  func wait(for awaited: any CancellableCall, on isolation: isolated (any Actor)?) async

  /// Resumes it once the current callback has returned.
  func resume()
}

/// The registry of the threads of awaited Deferreds.
package enum DeferredHomes {
  private final class Hook: Sendable {
    let current: @Sendable () -> (any DeferredHome)?
    let mayComeToRun: @Sendable () -> Bool
    let isIdle: @Sendable () -> Bool

    init(
      _ current: @escaping @Sendable () -> (any DeferredHome)?, _ mayComeToRun: @escaping @Sendable () -> Bool,
      _ isIdle: @escaping @Sendable () -> Bool
    ) {
      self.current = current
      self.mayComeToRun = mayComeToRun
      self.isIdle = isIdle
    }
  }
  /// One object, since each await of a Deferred looks here. An atomic reference would look up metadata at each.
  private static let hook = Mutex<Hook?>(nil)

  private static var present: Hook? { hook.withLock { $0 } }

  /// Sets the hook that returns the home of a thread: the reactor that runs there, if any.
  ///
  /// - Parameters:
  ///   - mayComeToRun: whether a reactor may still start on this thread, if it runs no reactor.
  ///   - isIdle: whether the reactor of this thread has no pending work, or the thread runs no reactor.
  package static func set(
    _ current: @escaping @Sendable () -> (any DeferredHome)?, mayComeToRun: @escaping @Sendable () -> Bool,
    isIdle: @escaping @Sendable () -> Bool
  ) {
    hook.withLock { $0 = Hook(current, mayComeToRun, isIdle) }
  }

  static func current() -> (any DeferredHome)? { present?.current() }

  /// Whether the reactor of this thread, if any, has no pending work.
  static var isIdle: Bool { present?.isIdle() ?? true }

  /// Whether the program has reactors, but this thread runs no reactor and never will. Without any reactors Deferreds
  /// may be fired from anywhere.
  static var isHopeless: Bool {
    guard let hook = present else { return false }
    return !hook.mayComeToRun()
  }
}
