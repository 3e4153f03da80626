public import SwirlDeferred

extension Reactor: ReactorTime {
  /// What ``now`` is, a moment on the monotonic clock.
  public typealias Instant = SwirlDeferred.Instant

  /// The present moment on the monotonic clock.
  public var now: Instant { .now }

  /// The time of day: how long ago 1970-01-01T00:00:00Z was, without leap seconds.
  public var wallTime: Duration { SystemClock.wallTime }

  /// The same in whole seconds, for what asks with each message.
  package var wallSeconds: Int { SystemClock.wallSeconds }

  /// Calls `body` when `delay` has passed; a negative one counts as zero. An error it throws is logged.
  ///
  /// Times are kept to a millisecond, and never early. Twisted: `callLater`; asyncio: `call_later`.
  @discardableResult
  public func callLater(
    _ delay: Duration, file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
  ) -> DelayedCall {
    let deadline = Instant.now.nanoseconds + max(0, delay.nanoseconds)
    return timers.add(deadline: deadline, site: CallSite(file: file, line: line), body)
  }

  /// Calls `body` at `instant`; one that has passed counts as now. An error it throws is logged.
  /// asyncio: `call_at`; Tornado: `IOLoop.call_at`.
  @discardableResult
  public func callAt(
    _ instant: Instant, file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
  ) -> DelayedCall {
    timers.add(deadline: instant.nanoseconds, site: CallSite(file: file, line: line), body)
  }

  /// The calls that are still to come, in no order. Twisted: `getDelayedCalls`.
  public var delayedCalls: [DelayedCall] { timers.pending }

  /// Succeeds when `delay` has passed; cancelling it takes the call back. Twisted: `deferLater`; asyncio: `sleep`.
  public func sleep(_ delay: Duration, file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    var call: DelayedCall?
    let deferred = Deferred<Void>(canceller: { _ in call?.cancel() }, file: file, line: line)
    call = callLater(delay, file: file, line: line) { deferred.callback() }
    return deferred
  }
}
