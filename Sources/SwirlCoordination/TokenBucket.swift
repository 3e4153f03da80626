public import SwirlDeferred

/// A rate: so many tokens come a second, a number of them are kept, and whoever takes more than there are waits.
///
/// ```swift
/// let bucket = TokenBucket(rate: 5, burst: 10, clock: reactor)
/// for url in urls { bucket.take().addCallback { fetch(url) } }
/// ```
///
/// Tokens are given in the order they were asked for. To be used on the reactor's thread.
public final class TokenBucket {
  private var bucket: Bucket
  private let burst: Int
  private let clock: any ReactorTime
  /// How many wait. On a loop that is late the turn of one may have come, and its call not.
  private var waiting = 0

  /// - Parameters:
  ///   - rate: how many tokens come a second.
  ///   - burst: how many are kept; so many are there at first.
  ///   - clock: what measures the time, such as the reactor.
  public init(rate: Double, burst: Int = 1, clock: some ReactorTime) {
    bucket = Bucket(rate: rate, burst: burst)
    self.burst = burst
    self.clock = clock
  }

  private var now: Int64 { clock.now.nanoseconds }

  /// Takes `count` tokens: fires when they are the caller's. They are spent at once, so that the rate is kept even where cancelling it
  /// gives up waiting.
  public func take(_ count: Int = 1, file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    require(count > 0, "taking \(count) tokens")
    let delay = bucket.take(count, now: now)
    if delay == 0, waiting == 0 { return .succeed(file: file, line: line) }
    waiting += 1
    var call: (any CancellableCall)?
    let turn = Deferred<Void>(
      canceller: { [self] _ in
        waiting -= 1
        call?.cancel()
      }, file: file, line: line)
    call = clock.callLater(.nanoseconds(delay), file: file, line: line) { [self] in
      waiting -= 1
      turn.callback()
    }
    return turn
  }

  /// Whether all the tokens that it holds are there.
  package var isFull: Bool { waiting == 0 && bucket.has(burst, now: now) }

  /// Takes `count` tokens if they are there and nobody waits; false when not.
  public func takeNow(_ count: Int = 1) -> Bool {
    require(count > 0 && count <= burst, "taking \(count) tokens of a bucket that holds \(burst)")
    guard waiting == 0, bucket.has(count, now: now) else { return false }
    return bucket.take(count, now: now) == 0
  }
}

@available(*, unavailable, message: "A bucket belongs to its reactor's thread")
extension TokenBucket: Sendable {}
