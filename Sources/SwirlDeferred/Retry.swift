/// How often something is tried that may fail, and how long the pauses in between are.
public struct Backoff: Sendable {
  /// How often it is tried in all.
  public var attempts: Int
  /// The longest pause before the second try; each further one may be twice as long. The pause itself is a random part of it, so that
  /// those that failed together do not come back together.
  public var firstDelay: Duration
  /// No pause is longer.
  public var maximumDelay: Duration

  /// - Parameters:
  ///   - attempts: how often it is tried in all, once or more.
  ///   - firstDelay: the longest pause before the second try.
  ///   - maximumDelay: the longest pause there may be.
  public init(attempts: Int = 3, firstDelay: Duration = .milliseconds(200), maximumDelay: Duration = .seconds(20)) {
    self.attempts = attempts
    self.firstDelay = firstDelay
    self.maximumDelay = maximumDelay
  }

  /// A pause, at random, after `failures` tries that failed: between nothing and twice as much as after the one before. AWS: "full jitter".
  public func delay(after failures: Int) -> Duration {
    let longest = min(firstDelay * (1 << min(max(failures, 1) - 1, 20)), maximumDelay)
    return longest * Double.random(in: 0...1)
  }
}

/// Calls `work`, and again with pauses in between while it fails and `mayPass` says that the failure may pass; gives the first success, or
/// the last failure.
///
/// ```swift
/// retry(Backoff(attempts: 5), clock: reactor) { openStore() }
/// ```
///
/// Cancelling it cancels what runs, or the pause, and does not try again: a ``CancelledError`` never passes.
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
