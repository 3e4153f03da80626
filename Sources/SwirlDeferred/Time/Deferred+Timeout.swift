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
    _ duration: Duration, clock: some ReactorTime,
    file: StaticString = #fileID, line: UInt = #line,
    onTimeout: ((Result<Value, any Error>, Duration) throws -> Value)? = nil
  ) -> Deferred {
    var isTimedOut = false
    var work: String?
    let timer = clock.callLater(duration, file: file, line: line) { [self] in
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
