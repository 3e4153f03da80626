public import SwirlDeferred

/// A call to come, made by ``Reactor/callLater(_:file:line:_:)``. Twisted: `IDelayedCall`.
public final class DelayedCall: CancellableCall {
  /// What to call; nil once it was called or taken back, so that what it captures is released at that moment.
  var body: (() throws -> Void)?
  /// The place that made it.
  package let site: CallSite
  /// When it is due, on the clock of its queue.
  var deadline: Int64
  /// When it was made or last moved, in the making of calls: of two that are due together, the smaller is called first.
  var order: UInt64 = 0
  /// Deadline and order of its entry in the queue, which are never later than its own. A call that is moved back leaves its
  /// entry where it is, and is put in its new place when that comes up, so moving an idle timeout back again and again
  /// costs nothing.
  var entryDeadline: Int64 = 0
  var entryOrder: UInt64 = 0
  /// Whether it has an entry in the queue.
  var isQueued = false
  /// Unowned and unchecked: it is only touched while there is a body, and the queue takes the bodies away when it goes.
  private unowned(unsafe) let queue: TimerQueue

  init(deadline: Int64, in queue: TimerQueue, site: CallSite, _ body: @escaping () throws -> Void) {
    self.deadline = deadline
    self.queue = queue
    self.site = site
    self.body = body
  }

  /// A body in a wrapper, which generic code takes as it is: a bare closure it would wrap in another, which is an allocation.
  private struct Released {
    let body: () throws -> Void
  }

  /// Takes out what is to be called. (`Optional.take()` would wrap the closure in another, which is an allocation.)
  func takeBody() -> (() throws -> Void)? {
    let taken = body
    body = nil
    return taken
  }

  /// Whether it is still to come.
  public var isActive: Bool { body != nil }

  /// When it is due.
  public var time: Instant { Instant(nanoseconds: deadline) }

  /// Takes the call back. After it was called or taken back, nothing happens.
  public func cancel() {
    guard let body = takeBody() else { return }
    let released = Released(body: body)
    if isQueued { queue.noteStaleEntry() }
    // Last, since what it captured may be what keeps the queue.
    withExtendedLifetime(released) {}
  }

  /// Makes it due when `delay` has passed from now. After it was called or taken back, nothing happens.
  public func reset(_ delay: Duration) {
    guard body != nil else { return }
    move(to: queue.now() + max(0, delay.nanoseconds))
  }

  /// Makes it due `duration` later than it is, or earlier when that is negative.
  public func delay(_ duration: Duration) {
    let (moved, overflow) = deadline.addingReportingOverflow(duration.nanoseconds)
    move(to: overflow ? (duration < .zero ? .min : .max) : moved)
  }

  /// Makes it due at `deadline`, in nanoseconds on the clock of its queue.
  package func move(to deadline: Int64) {
    guard body != nil else { return }
    self.deadline = deadline
    queue.move(self)
  }
}
