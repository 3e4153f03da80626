public import SwirlDeferred

/// A scheduled call, made by ``Reactor/callLater(_:file:line:_:)``. Twisted: `IDelayedCall`.
public final class DelayedCall: CancellableCall {
  /// The body; nil once it was called or cancelled, so that its captures are released at that moment.
  var body: (() throws -> Void)?
  /// Where the call was scheduled.
  package let site: CallSite
  /// When it is due, on the clock of its queue.
  var deadline: Int64
  /// Sequence number of its scheduling or last move: of two calls with the same deadline, the smaller one runs first.
  var order: UInt64 = 0
  /// Deadline and order of its entry in the queue, which are never later than its own. Postponing a call leaves its
  /// entry in place; the queue reinserts it when that entry comes up. So postponing an idle timeout repeatedly costs
  /// almost nothing.
  var entryDeadline: Int64 = 0
  var entryOrder: UInt64 = 0
  /// Whether the queue has an entry for it.
  var isQueued = false
  /// Unowned and unchecked: it is only accessed while the body is set, and the queue's deinit clears all bodies.
  private unowned(unsafe) let queue: TimerQueue

  init(deadline: Int64, in queue: TimerQueue, site: CallSite, _ body: @escaping () throws -> Void) {
    self.deadline = deadline
    self.queue = queue
    self.site = site
    self.body = body
  }

  /// Wraps a body for generic code, which would wrap a bare closure in another one, an allocation.
  private struct Released {
    let body: () throws -> Void
  }

  /// Removes and returns the body. (`Optional.take()` would wrap the closure in another one, an allocation.)
  func takeBody() -> (() throws -> Void)? {
    let taken = body
    body = nil
    return taken
  }

  /// Whether it is still pending.
  public var isActive: Bool { body != nil }

  /// When it is due.
  public var time: Instant { Instant(nanoseconds: deadline) }

  /// Cancels the call. Does nothing once it was called or cancelled.
  public func cancel() {
    guard let body = takeBody() else { return }
    let released = Released(body: body)
    if isQueued { queue.noteStaleEntry() }
    // Release it last, because its captures may be the last owner of the queue.
    withExtendedLifetime(released) {}
  }

  /// Makes it due after `delay` from now. Does nothing once it was called or cancelled.
  public func reset(_ delay: Duration) {
    guard body != nil else { return }
    move(to: queue.now() + max(0, delay.nanoseconds))
  }

  /// Postpones it by `duration`, or moves it forward if that is negative.
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
