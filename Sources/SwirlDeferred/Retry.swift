/// The number of attempts of an operation, and the pauses in between.
public struct Backoff: Sendable {
  /// The total number of attempts.
  public var attempts: Int
  /// The maximum pause before the second attempt; it doubles with each further attempt. The pause is a random fraction
  /// of that, so that clients that failed together do not retry together.
  public var firstDelay: Duration
  /// The upper limit of all pauses.
  public var maximumDelay: Duration

  /// - Parameters:
  ///   - attempts: the total number of attempts, at least one.
  ///   - firstDelay: the maximum pause before the second attempt.
  ///   - maximumDelay: the upper limit of all pauses.
  public init(attempts: Int = 3, firstDelay: Duration = .milliseconds(200), maximumDelay: Duration = .seconds(20)) {
    self.attempts = attempts
    self.firstDelay = firstDelay
    self.maximumDelay = maximumDelay
  }

  /// A random pause after `failures` failed attempts: between zero and a maximum that doubles each time. AWS: "full
  /// jitter".
  public func delay(after failures: Int) -> Duration {
    let longest = min(firstDelay * (1 << min(max(failures, 1) - 1, 20)), maximumDelay)
    var random = HouseRandom()
    return longest * Double.random(in: 0...1, using: &random)
  }
}

/// Calls `work`, and repeats it with pauses while it fails and `mayPass` calls the failure temporary. Gives the first
/// success, or the last failure.
///
/// ```swift
/// retry(Backoff(attempts: 5), clock: reactor) { openStore() }
/// ```
///
/// Cancelling it cancels the running attempt or the pause, and ends it: a ``CancelledError`` is never retried.
public func retry<Value>(
  _ backoff: Backoff = Backoff(), clock: some ReactorTime, file: StaticString = #fileID, line: UInt = #line,
  where mayPass: @escaping (any Error) -> Bool = { _ in true }, _ work: @escaping () throws -> Deferred<Value>
) -> Deferred<Value> {
  require(backoff.attempts > 0, "something that is tried \(backoff.attempts) times has no result")
  func attempt(_ number: Int) -> Deferred<Value> {
    maybeDeferred(file: file, line: line, work).addErrback { error -> Deferred<Value> in
      guard number < backoff.attempts, !(error is CancelledError), mayPass(error) else { throw error }
      let pause = pause(backoff.delay(after: number), clock, CallSite(file: file, line: line))
      return pause.addCallback { attempt(number + 1) }
    }
  }
  return attempt(1)
}

private func pause(_ duration: Duration, _ clock: some ReactorTime, _ site: CallSite) -> Deferred<Void> {
  var call: (any CancellableCall)?
  let pause = Deferred<Void>(canceller: { _ in call?.cancel() }, file: site.file, line: site.line)
  call = clock.callLater(duration, file: site.file, line: site.line) { pause.callback() }
  return pause
}
