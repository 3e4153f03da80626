/// How full a token bucket is, as the moment from which it would be full: one number tells it for all times. ITU-T I.371: the generic cell
/// rate algorithm.
package struct Bucket: Sendable {
  /// Nanoseconds in which one token comes.
  private let interval: Int64
  private let burst: Int64
  /// When it would be full, in nanoseconds on the clock of whoever asks.
  package private(set) var fullAt: Int64 = .min

  /// - Parameters:
  ///   - rate: tokens a second.
  ///   - burst: how many it holds.
  package init(rate: Double, burst: Int) {
    precondition(
      rate > 0 && rate <= 1e9 && burst > 0,
      "a bucket of \(burst) tokens, with \(rate) more a second, lets nothing through")
    interval = Int64(1e9 / rate)
    self.burst = Int64(burst)
  }

  /// Takes tokens, and returns how long to wait for them, in nanoseconds.
  package mutating func take(_ count: Int = 1, now: Int64) -> Int64 {
    fullAt = max(fullAt, now) + interval * Int64(count)
    return max(0, fullAt - now - interval * burst)
  }

  /// Whether as many tokens are there.
  package func has(_ count: Int, now: Int64) -> Bool {
    max(fullAt, now) + interval * Int64(count) - now <= interval * burst
  }
}
