public import SwirlDeferred

/// Calls a closure repeatedly, at an interval that does not drift.
///
/// ```swift
/// let beat = LoopingCall(clock: reactor) { print("tick") }
/// beat.start(every: .seconds(1))
/// ```
///
/// Calls are due at the start and at whole intervals after it, independent of their duration. They never overlap: if
/// the body returns a Deferred, or ends with one, the next call waits for it. Calls due meanwhile are skipped and
/// counted in `missed`. Use it on the reactor's thread. Twisted: `LoopingCall`; Tornado: `PeriodicCallback`.
public final class LoopingCall {
  private let clock: any ReactorTime
  private let body: () throws -> Deferred<Void>?
  private var call: (any CancellableCall)?
  /// The body's Deferred, while it has no result.
  private var running: Deferred<Void>?
  private var outcome: Deferred<Void>?
  /// Where it was started, for reports.
  private var site = CallSite()
  private var begin = Instant(nanoseconds: 0)
  private var interval = Duration.zero
  private var jitter = 0.0
  /// The due time of the latest call, in intervals from `begin`.
  private var latest: Int64 = 0
  /// The number of calls since the start.
  public private(set) var count = 0
  /// The number of calls skipped since the start, because the body or other work on the thread took too long.
  public private(set) var missed = 0

  // Disfavored: a body whose last statement is a Deferred is for the next form.
  /// A loop that calls `body` once it is started.
  /// - Parameters:
  ///   - clock: what measures the intervals, such as the reactor.
  ///   - body: an error that it throws ends the loop.
  @_disfavoredOverload
  public convenience init(clock: some ReactorTime, _ body: @escaping () throws -> Void) {
    self.init(
      clock: clock,
      maybe: {
        try body()
        return nil
      })
  }

  /// A loop whose calls take their time: the next comes when the Deferred that `body` returns has its result. A failure
  /// ends the loop.
  ///
  /// A Deferred in the last statement is returned without `return` too: see `DeferredBody`.
  public convenience init<Inner: DeferredType>(
    clock: some ReactorTime, @DeferredBody _ body: @escaping () throws -> Inner
  ) {
    self.init(clock: clock, maybe: { try body().withoutValue })
  }

  // Disfavored: its only purpose is the type context for a body that returns `.succeed()`.
  /// A loop over an asynchronous body: the next call comes when the Deferred that `body` returns has its result. A
  /// failure ends the loop.
  @_disfavoredOverload
  public convenience init(
    clock: some ReactorTime, @VoidDeferredBody _ body: @escaping () throws -> Deferred<Void>
  ) {
    self.init(clock: clock, maybe: { try body() })
  }

  private init(clock: some ReactorTime, maybe body: @escaping () throws -> Deferred<Void>?) {
    self.clock = clock
    self.body = body
  }

  /// Whether it was started and has not stopped.
  public var isRunning: Bool { outcome != nil }

  /// Starts the loop.
  ///
  /// - Parameters:
  ///   - interval: the time from one call to the next; zero for one per turn.
  ///   - startsNow: whether the first call comes before this returns, rather than after an interval.
  ///   - jitter: the maximum random delay of each call, as a fraction of the interval from 0 to 1. It spreads loops
  ///     that were started together.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  /// - Returns: a Deferred that fires when the loop is stopped, or fails with the error of the body. Cancelling it
  ///   stops the loop.
  @discardableResult
  public func start(
    every interval: Duration, now startsNow: Bool = true, jitter: Double = 0, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Deferred<Void> {
    require(!isRunning, "start of a LoopingCall that runs")
    require(interval >= .zero, "an interval of \(interval): time does not run backwards")
    require(jitter >= 0 && jitter <= 1, "a jitter of \(jitter) intervals: it is a part of one, from 0 to 1")
    let outcome = Deferred<Void>(canceller: { [weak self] _ in self?.stop(with: nil) }, file: file, line: line)
    self.outcome = outcome
    (self.interval, self.jitter, latest, count, missed) = (interval, jitter, 0, 0, 0)
    begin = clock.now
    site = CallSite(file: file, line: line)
    if startsNow { run() } else { scheduleNext() }
    return outcome
  }

  /// Stops the loop. It does not cancel the Deferred of a running body; if that fails later, it is reported as
  /// unhandled.
  public func stop() { stop(with: .success(())) }

  /// Stops the loop. With a result of nil it fires no Deferred: the canceller does.
  private func stop(with result: Result<Void, any Error>?) {
    call.take()?.cancel()
    running = nil
    let outcome = outcome.take()
    if let result { outcome?.fire(with: result) }
  }

  private func run() {
    call = nil
    count += 1
    countMissed()
    // The body may stop the loop and even start it again: the result of this call must not affect the new loop.
    let begun = outcome
    do {
      if let deferred = try body() {
        if outcome === begun { running = deferred }
        deferred.addBoth { [self] result in try ended(deferred, result) }
      } else if outcome === begun {
        scheduleNext()
      }
    } catch {
      if isRunning, outcome === begun { stop(with: .failure(error)) } else { _ = Deferred<Void>.fail(error) }
    }
  }

  private func ended(_ deferred: Deferred<Void>, _ result: Result<Void, any Error>) throws {
    if running === deferred {
      running = nil
      if case .failure = result { stop(with: result) } else { scheduleNext() }
    } else if case .failure(let error) = result, !(error is CancelledError), !(error is CancellationError) {
      // The call belongs to a stopped loop: rethrow, so that its failure is reported as unhandled.
      throw error
    }
  }

  /// Counts the calls that were due between the latest one and now, before the body of this round reads `missed`.
  private func countMissed() {
    let interval = interval.nanoseconds
    guard interval > 0 else { return }
    let due = (clock.now.nanoseconds - begin.nanoseconds) / interval
    if due > latest {
      missed += Int(due - latest)
      latest = due
    }
  }

  private func scheduleNext() {
    guard isRunning, call == nil else { return }
    var delay: Int64 = 0
    let interval = interval.nanoseconds
    if interval > 0 {
      let elapsed = clock.now.nanoseconds - begin.nanoseconds
      // A call that is due exactly now is the one that has just run.
      let next = max(elapsed / interval, latest) + 1
      missed += Int(next - latest - 1)
      latest = next
      let (due, overflow) = next.multipliedReportingOverflow(by: interval)
      delay = overflow ? .max : due - elapsed
      if jitter > 0, !overflow {
        var random = HouseRandom()
        delay += Int64(Double(interval) * Double.random(in: 0..<jitter, using: &random))
      }
    }
    call = clock.callLater(.nanoseconds(delay), file: site.file, line: site.line) { [self] in run() }
  }
}

@available(*, unavailable, message: "A loop belongs to its reactor's thread")
extension LoopingCall: Sendable {}
