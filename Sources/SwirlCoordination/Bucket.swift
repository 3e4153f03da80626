import SwirlDeferred

/// The level of a token bucket, stored as the time at which it will be full: this one number gives the level at any
/// time. ITU-T I.371: the generic cell rate algorithm.
package struct Bucket: Sendable {
  /// Nanoseconds per token; seldom a whole number.
  private let interval: Double
  /// Nanoseconds to fill an empty bucket.
  private let filling: Int64
  /// When it will be full, in nanoseconds of the caller's clock.
  private var fullAt: Int64 = .min
  /// The fraction of a nanosecond in addition to `fullAt`.
  private var fraction = 0.0

  /// - Parameters:
  ///   - rate: tokens a second.
  ///   - burst: its capacity.
  package init(rate: Double, burst: Int) {
    require(
      rate > 0 && rate <= 1e9 && burst > 0,
      "a bucket of \(burst) tokens, with \(rate) more a second, lets nothing through")
    interval = min(1e9 / rate, Double(Self.longest) / Double(burst))
    filling = Self.whole(interval * Double(burst))
  }

  /// The maximum duration, 36 years: clamps longer ones, so that no sum overflows.
  private static let longest = Int64.max / 8

  private static func whole(_ nanoseconds: Double) -> Int64 { Int64(min(nanoseconds, Double(longest))) }

  /// Takes tokens, and returns the nanoseconds until they are available.
  package mutating func take(_ count: Int = 1, now: Int64) -> Int64 {
    if fullAt < now { (fullAt, fraction) = (now, 0) }
    let exact = interval * Double(count) + fraction
    let whole = Self.whole(exact)
    fraction = max(0, min(exact - Double(whole), 1))
    fullAt = min(fullAt, 4 * Self.longest) + whole
    return max(0, fullAt - now - filling)
  }

  /// Whether it has that many tokens.
  package func has(_ count: Int, now: Int64) -> Bool {
    max(fullAt, now) - now + Self.whole(interval * Double(count)) <= filling
  }
}
