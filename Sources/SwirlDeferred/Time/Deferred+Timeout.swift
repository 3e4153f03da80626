extension Deferred {
  /// Cancels this stage when it has no result after `duration`, and makes that a ``TimeoutError``.
  ///
  /// Only what comes before is timed: stages added after this one may take as long as they like. A cancellation by
  /// someone else stays a ``CancelledError``; a result that the canceller gives instead is passed on as it is.
  /// Twisted: `addTimeout`.
  ///
  /// - Parameters:
  ///   - duration: the time until it is cancelled, on `clock`.
  ///   - clock: what measures it, such as the reactor.
  ///   - onTimeout: what to make of the result that came of the cancellation.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  @discardableResult
  public final func addTimeout(
    _ duration: Duration, clock: some ReactorTime,
    file: StaticString = #fileID, line: UInt = #line,
    onTimeout: ((Result<Value, any Error>, Duration) throws -> Value)? = nil
  ) -> Deferred {
    var isTimedOut = false
    let timer = clock.callLater(duration, file: file, line: line) { [self] in
      isTimedOut = true
      cancel()
    }
    return addBoth(file: file, line: line) { result in
      timer.cancel()
      guard isTimedOut else { return try result.get() }
      if let onTimeout { return try onTimeout(result, duration) }
      do { return try result.get() } catch is CancelledError { throw TimeoutError(after: duration) }
    }
  }
}
