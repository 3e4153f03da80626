public import SwirlDeferred

/// Calls its body with the latest value once no new value has come for a while: for input that comes in bursts.
///
/// ```swift
/// let search = Debounce(.milliseconds(300), clock: reactor) { (text: String) in find(text) }
/// search("s"); search("sw"); search("swirl")      // one call, with "swirl"
/// ```
///
/// Use it on the reactor's thread. lodash: `debounce`.
public final class Debounce<Value> {
  private let delay: Duration
  private let clock: any ReactorTime
  private let site: CallSite
  private let body: (Value) -> Void
  private var call: (any CancellableCall)?

  /// - Parameters:
  ///   - delay: how long it must not have been called.
  ///   - clock: what measures that, such as the reactor.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  ///   - body: receives the latest value.
  public init(
    _ delay: Duration, clock: some ReactorTime, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping (Value) -> Void
  ) {
    self.delay = delay
    self.clock = clock
    site = CallSite(file: file, line: line)
    self.body = body
  }

  /// Calls the body with `value` after the delay, unless a new value comes first.
  public func callAsFunction(_ value: Value) {
    call?.cancel()
    call = clock.callLater(delay, file: site.file, line: site.line) { [self] in
      call = nil
      body(value)
    }
  }

  /// Cancels the pending call of the body.
  public func cancel() { call.take()?.cancel() }
}

/// Calls its body at once, and then at most once per interval. The latest value of an interval arrives at its end.
///
/// Use it on the reactor's thread. lodash: `throttle`.
public final class Throttle<Value> {
  private let interval: Duration
  private let clock: any ReactorTime
  private let site: CallSite
  private let body: (Value) -> Void
  private var call: (any CancellableCall)?
  private var latest: Value?

  /// - Parameters:
  ///   - interval: the shortest time between two calls.
  ///   - clock: what measures that, such as the reactor.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  ///   - body: receives the values.
  public init(
    _ interval: Duration, clock: some ReactorTime, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping (Value) -> Void
  ) {
    self.interval = interval
    self.clock = clock
    site = CallSite(file: file, line: line)
    self.body = body
  }

  /// Calls the body with `value` now, or at the end of the interval unless a newer value replaces it.
  public func callAsFunction(_ value: Value) {
    if call != nil {
      latest = value
      return
    }
    wait()
    body(value)
  }

  private func wait() {
    call = clock.callLater(interval, file: site.file, line: site.line) { [self] in
      call = nil
      guard let value = latest.take() else { return }
      wait()
      body(value)
    }
  }

  /// Cancels the pending call of the body.
  public func cancel() { latest = nil }
}

@available(*, unavailable, message: "It belongs to its reactor's thread")
extension Debounce: Sendable {}
@available(*, unavailable, message: "It belongs to its reactor's thread")
extension Throttle: Sendable {}
