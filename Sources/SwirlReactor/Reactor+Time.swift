public import SwirlDeferred

extension Reactor: ReactorTime {
  /// The present moment on the monotonic clock, or on the reactor's virtual one.
  public var now: Instant { Instant(nanoseconds: readClock()) }

  /// Calls `body` when `delay` has passed; a negative one counts as zero. An error it throws is logged.
  ///
  /// Times are kept to a millisecond, and never early. Twisted: `callLater`; asyncio: `call_later`.
  @discardableResult
  public func callLater(
    _ delay: Duration, file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
  ) -> DelayedCall {
    let deadline = readClock() + max(0, delay.nanoseconds)
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

  /// Calls `body` when `delay` has passed: ``callLater(_:file:line:_:)`` for code that works with any clock.
  public func schedule(after delay: Duration, _ body: @escaping () -> Void) -> DelayedCall {
    callLater(delay, body)
  }

  /// Succeeds when `delay` has passed; cancelling it takes the call back. Twisted: `deferLater`; asyncio: `sleep`.
  public func sleep(_ delay: Duration, file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    var call: DelayedCall?
    let deferred = Deferred<Void>(canceller: { _ in call?.cancel() }, file: file, line: line)
    call = callLater(delay, file: file, line: line) { deferred.callback() }
    return deferred
  }
}
