public import SwirlDeferred

/// A rate limit: tokens accrue at a rate up to a maximum; a caller that takes more than are available waits.
///
/// ```swift
/// let bucket = TokenBucket(rate: 5, burst: 10, clock: reactor)
/// for url in urls { bucket.take().addCallback { fetch(url) } }
/// ```
///
/// It serves waiters in FIFO order. Use it on the reactor's thread.
public final class TokenBucket {
  private var bucket: Bucket
  private let burst: Int
  private let clock: any ReactorTime
  /// The number of waiters. On a late loop a waiter's time may have passed although its call has not run.
  private var waiting = 0

  /// - Parameters:
  ///   - rate: tokens per second.
  ///   - burst: the capacity, which is also the initial number of tokens.
  ///   - clock: the clock, such as the reactor.
  public init(rate: Double, burst: Int = 1, clock: some ReactorTime) {
    bucket = Bucket(rate: rate, burst: burst)
    self.burst = burst
    self.clock = clock
  }

  private var now: Int64 { clock.now.nanoseconds }

  /// Takes `count` tokens: fires when they are available. They are spent at once, so that the rate holds even if the
  /// caller cancels.
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

  /// Whether it is full and has no waiters.
  package var isFull: Bool { waiting == 0 && bucket.has(burst, now: now) }

  /// Takes `count` tokens if they are available and there are no waiters; otherwise returns false.
  public func takeNow(_ count: Int = 1) -> Bool {
    require(count > 0 && count <= burst, "taking \(count) tokens of a bucket that holds \(burst)")
    guard waiting == 0, bucket.has(count, now: now) else { return false }
    return bucket.take(count, now: now) == 0
  }
}

@available(*, unavailable, message: "A bucket belongs to its reactor's thread")
extension TokenBucket: Sendable {}
