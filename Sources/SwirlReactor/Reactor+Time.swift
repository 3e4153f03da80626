public import SwirlDeferred

extension Reactor: ReactorTime {
  /// A moment on the monotonic clock: the type of ``now``.
  public typealias Instant = SwirlDeferred.Instant

  /// The current time on the monotonic clock, or on the reactor's virtual clock.
  public var now: Instant { Instant(nanoseconds: readClock()) }

  /// The wall clock in whole seconds, for dates in messages.
  package var wallSeconds: Int {
    virtualTime == nil ? SystemClock.wallSeconds : Int(wallNanoseconds / 1_000_000_000)
  }

  /// Calls `body` after `delay`; a negative delay counts as zero. An error that it throws is logged.
  ///
  /// Calls are accurate to a millisecond, and never early. Twisted: `callLater`; asyncio: `call_later`.
  @discardableResult
  public func callLater(
    _ delay: Duration, file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
  ) -> DelayedCall {
    let deadline = readClock() + max(0, delay.nanoseconds)
    return timers.add(deadline: deadline, site: CallSite(file: file, line: line), body)
  }

  /// Calls `body` at `instant`; a past instant counts as now. An error that it throws is logged. asyncio: `call_at`;
  /// Tornado: `IOLoop.call_at`.
  @discardableResult
  public func callAt(
    _ instant: Instant, file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
  ) -> DelayedCall {
    timers.add(deadline: instant.nanoseconds, site: CallSite(file: file, line: line), body)
  }

  /// The pending calls, unordered. Twisted: `getDelayedCalls`.
  public var delayedCalls: [DelayedCall] { timers.pending }

  /// Succeeds after `delay`; cancelling it removes the timer. Twisted: `deferLater`; asyncio: `sleep`.
  public func sleep(_ delay: Duration, file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    var call: DelayedCall?
    let deferred = Deferred<Void>(canceller: { _ in call?.cancel() }, file: file, line: line)
    call = callLater(delay, file: file, line: line) { deferred.callback() }
    return deferred
  }
}
