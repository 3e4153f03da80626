extension Reactor {
  /// The source of a reactor's time and random numbers.
  public enum ClockSource: Sendable, Hashable {
    /// The monotonic clock, the wall clock and the random numbers of the system.
    case system
    /// A clock that does not advance while work is pending, and then jumps to the next timer; `seed` determines the
    /// random numbers.
    ///
    /// It starts at a fixed time: two runs of a program with the same seed see the same times and numbers.
    case virtual(seed: UInt64 = 0)
  }
}

/// The time of a reactor with a virtual clock.
///
/// It jumps to the next timer when no other event can come first: no call is queued, no task is runnable, no other
/// thread has sent a call or works for this reactor, no child process runs, and no descriptor is ready. trio:
/// `MockClock(autojump_threshold=0)`.
package final class VirtualTime {
  // Exempt from run-time checks for overlapping access: it is read and written as a whole.
  @exclusivity(unchecked) package private(set) var nanoseconds: Int64 = 1_000_000_000
  /// Called when no timer is left either, so that only another thread can cause an event.
  package var onIdle: (() -> Void)?

  package init() {}

  /// Advances it, never backwards.
  package func advance(to moment: Int64) { nanoseconds = max(nanoseconds, moment) }

  /// Noon on January 1, 2026, minus the second at which the clock starts.
  static let wallStart: Int64 = 1_767_268_799_000_000_000
}

extension Reactor {
  /// The current time, in nanoseconds on this reactor's clock: the only code that chooses between the clocks.
  @inline(__always) package final func readClock() -> Int64 {
    if let virtualTime { return virtualTime.nanoseconds }
    return SystemClock.monotonic
  }

  /// Nanoseconds since 1970. With a virtual clock it advances with that, from a fixed date.
  package var wallNanoseconds: Int64 {
    if let virtualTime { return VirtualTime.wallStart + virtualTime.nanoseconds }
    return SystemClock.wall
  }

  /// Seconds since 1970 on the wall clock, which may jump; with a virtual clock it starts at noon of 2026-01-01.
  public var wallTime: Duration { .nanoseconds(wallNanoseconds) }

  /// The end of a turn in virtual time: polls for events, and only without an event advances the clock to the next
  /// timer, and not beyond `limit`.
  func waitVirtually(_ time: VirtualTime, until limit: Int64) {
    if base.poll(until: 0, now: 0) { return }
    // With a limit the caller waits again.
    if isHeldByOthers { return limit == .max ? waitForOthers() : () }
    if limit < timers.nextDeadline ?? .max { return time.advance(to: limit) }
    if let deadline = timers.nextDeadline { return time.advance(to: deadline) }
    if let onIdle = time.onIdle {
      onIdle()
      if soonCount > 0 || state == .stopped || stopRequested || timers.nextDeadline != nil { return }
    }
    waitForOthers()
  }

  /// Whether threads or processes work for this reactor: they take real time, in which
  /// virtual time does not advance.
  private var isHeldByOthers: Bool { threadCalls.isAwaited || handles.contains { $0.handleKind == .process } }

  private func waitForOthers() { base.poll(until: nil, now: 0) }
}
