/// Where time comes from: a reactor, or in a test a clock that is advanced by hand. Twisted: `IReactorTime`.
public protocol ReactorTime {
  /// What stands for a call to come.
  associatedtype ScheduledCall: CancellableCall

  /// Calls `body` once, on the reactor's thread, when `delay` has passed.
  func schedule(after delay: Duration, _ body: @escaping () -> Void) -> ScheduledCall
}

/// Something to come that can be taken back: a call, a result.
public protocol CancellableCall {
  /// Takes it back; when it has come, or was taken back, nothing happens.
  func cancel()
}

extension Deferred {
  /// Cancels this stage when it has no result after `duration`, and makes that a ``TimeoutError``, which names the request where it
  /// waits for one.
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
