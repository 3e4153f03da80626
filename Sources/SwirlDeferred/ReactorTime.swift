/// The source of time: a reactor, or in a test a clock that is advanced by hand. Twisted: `IReactorTime`.
public protocol ReactorTime {
  /// A scheduled call.
  associatedtype ScheduledCall: CancellableCall

  /// Calls `body` once, on the reactor's thread, when `delay` has passed.
  func schedule(after delay: Duration, _ body: @escaping () -> Void) -> ScheduledCall
}

/// A pending call or result that can be cancelled.
public protocol CancellableCall {
  /// Cancels it; does nothing once it has happened or was cancelled.
  func cancel()
}

extension Deferred {
  /// Cancels this stage if it has no result after `duration`, and makes it fail with a ``TimeoutError``, which names
  /// the request, if any.
  ///
  /// The limit covers this stage only, not stages added later. Other cancellations stay a ``CancelledError``; a result
  /// of the canceller passes unchanged. Twisted: `addTimeout`.
  ///
  /// - Parameters:
  ///   - duration: the time until it is cancelled, on `clock`.
  ///   - clock: the clock, such as the reactor.
  ///   - onTimeout: converts the result of the cancellation.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  @discardableResult
  public final func addTimeout(
    _ duration: Duration, _ clock: some ReactorTime,
    file: StaticString = #fileID, line: UInt = #line,
    onTimeout: ((Result<Value, any Error>, Duration) throws -> Value)? = nil
  ) -> Deferred {
    var isTimedOut = false
    var work: String?
    let timer = clock.schedule(after: duration) { [self] in
      isTimedOut = true
      work = workName
      cancel()
    }
    return addBoth(file: file, line: line) { result in
      timer.cancel()
      guard isTimedOut else { return try result.get() }
      if let onTimeout { return try onTimeout(result, duration) }
      do { return try result.get() } catch is CancelledError {
        throw work.map { TimeoutError(after: duration, what: $0) } ?? TimeoutError(after: duration)
      }
    }
  }
}
