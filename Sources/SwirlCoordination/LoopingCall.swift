public import SwirlDeferred

/// Calls something again and again, at an interval that does not drift.
///
/// ```swift
/// let beat = LoopingCall(clock: reactor) { print("tick") }
/// beat.start(every: .seconds(1))
/// ```
///
/// Calls are due at the start and whole intervals after it, however long each takes. There are never two at once: when the body returns
/// a Deferred the next one waits for it, and what was due meanwhile is passed over, and counted in `missed`. To be used on the reactor's
/// thread. Twisted: `LoopingCall`; Tornado: `PeriodicCallback`.
public final class LoopingCall {
  private let clock: any ReactorTime
  private let body: () throws -> Deferred<Void>?
  private var call: (any CancellableCall)?
  /// What the body returned and has no result yet.
  private var running: Deferred<Void>?
  private var outcome: Deferred<Void>?
  /// Where it was started, for reports.
  private var site = CallSite()
  private var begin = Instant(nanoseconds: 0)
  private var interval = Duration.zero
  private var jitter = 0.0
  /// How many intervals from `begin` the latest call was due.
  private var latest: Int64 = 0
  /// How often the body was called since the start.
  public private(set) var count = 0
  /// How many calls were passed over since the start, because the body, or something else on the thread, took too long.
  public private(set) var missed = 0

  /// A loop that calls `body` once it is started.
  /// - Parameters:
  ///   - clock: what measures the intervals, such as the reactor.
  ///   - body: an error that it throws ends the loop.
  public convenience init(clock: some ReactorTime, _ body: @escaping () throws -> Void) {
    self.init(
      clock: clock,
      maybe: {
        try body()
        return nil
      })
  }

  /// A loop whose calls take their time: the next comes when the Deferred that `body` returns has its result. A failure ends the loop.
  public convenience init<Inner: DeferredType>(clock: some ReactorTime, _ body: @escaping () throws -> Inner) {
    self.init(clock: clock, maybe: { try body().withoutValue })
  }

  // Disfavored: it only gives a context to a body that returns `.succeed()`.
  /// A loop whose calls take their time: the next comes when the Deferred that `body` returns has its result. A failure ends the loop.
  @_disfavoredOverload
  public convenience init(clock: some ReactorTime, _ body: @escaping () throws -> Deferred<Void>) {
    self.init(clock: clock, maybe: { try body() })
  }

  private init(clock: some ReactorTime, maybe body: @escaping () throws -> Deferred<Void>?) {
    self.clock = clock
    self.body = body
  }

  /// Whether it was started, and not stopped since.
  public var isRunning: Bool { outcome != nil }

  /// Begins to call.
  ///
  /// - Parameters:
  ///   - interval: the time from one call to the next; zero for one in each turn.
  ///   - startsNow: whether the first comes at once, before this returns, rather than after an interval.
  ///   - jitter: so much of an interval, from 0 to 1, each call may come later than it is due, at random, so that many loops which were
  ///     started together do not go on together.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  /// - Returns: what fires when the loop is stopped, or fails with the error of the body. Cancelling it stops the loop.
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

  /// Calls no more. What the body has begun is not cancelled; where it fails, that is reported as a failure that nobody has handled.
  public func stop() { stop(with: .success(())) }

  /// Stops; a result of nil is left to whoever cancels.
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
    // The body may stop it, and even start it again: what comes of this call is then no matter of the new loop.
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
      // Of before it was stopped: it is reported as a failure that nobody has handled.
      throw error
    }
  }

  /// Passes over the calls that were due between the latest one and now, before the body of this round looks at `missed`.
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
      // The one that is due at this very moment is the one that has just run.
      let next = max(elapsed / interval, latest) + 1
      missed += Int(next - latest - 1)
      latest = next
      let (due, overflow) = next.multipliedReportingOverflow(by: interval)
      delay = overflow ? .max : due - elapsed
      if jitter > 0, !overflow { delay += Int64(Double(interval) * Double.random(in: 0..<jitter)) }
    }
    call = clock.callLater(.nanoseconds(delay), file: site.file, line: site.line) { [self] in run() }
  }
}

@available(*, unavailable, message: "A loop belongs to its reactor's thread")
extension LoopingCall: Sendable {}
