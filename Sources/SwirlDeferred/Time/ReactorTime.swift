/// Where time comes from: a reactor, or in a test a clock that is advanced by hand. Twisted: `IReactorTime`.
///
/// Every operation that needs time takes one as its `clock:`, so that tests need not wait.
public protocol ReactorTime {
  /// What stands for a call to come.
  associatedtype ScheduledCall: CancellableCall

  /// The present moment on the monotonic clock, by which all calls are made. Twisted: `seconds`.
  var now: Instant { get }

  /// The time of day: how long ago 1970-01-01T00:00:00Z was, without leap seconds (POSIX). It jumps when the clock is
  /// set, so it is for dates, never for measuring.
  var wallTime: Duration { get }

  /// Calls `body` once, on the clock's thread, when `delay` has passed; a negative one counts as zero. The clock
  /// reports an error that `body` throws, with the caller's place.
  ///
  /// - Parameters:
  ///   - delay: how long from now.
  ///   - file: the file to name in reports, mostly `#fileID`.
  ///   - line: the line to name in reports, mostly `#line`.
  ///   - body: what is called.
  @discardableResult
  func callLater(
    _ delay: Duration, file: StaticString, line: UInt, _ body: @escaping () throws -> Void
  ) -> ScheduledCall
}

/// Something to come that can be taken back: a call, a result.
public protocol CancellableCall {
  /// Takes it back; when it has come, or was taken back, nothing happens.
  func cancel()
}
