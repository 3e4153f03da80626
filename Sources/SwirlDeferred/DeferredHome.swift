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
  }
  private static let hook = Mutex(Hook())

  /// Sets what tells the home of a thread, if it has one: the reactor that runs there.
  package static func set(_ current: @escaping @Sendable () -> (any DeferredHome)?) {
    hook.withLock { $0.current = current }
  }

  static func current() -> (any DeferredHome)? { hook.withLock { $0 }.current?() }

  /// Whether there are reactors at all: Deferreds can be used, and fired, without any.
  static var areKnown: Bool { hook.withLock { $0.current != nil } }
}
