import SwirlDeferred

/// How full a token bucket is, as the moment from which it would be full: one number tells it for all times. ITU-T I.371: the generic cell
/// rate algorithm.
package struct Bucket: Sendable {
  /// Nanoseconds in which one token comes; seldom a whole number.
  private let interval: Double
  /// Nanoseconds in which it is filled.
  private let filling: Int64
  /// When it would be full, in nanoseconds on the clock of whoever asks.
  private var fullAt: Int64 = .min
  /// The part of a nanosecond that is missing in that.
  private var fraction = 0.0

  /// - Parameters:
  ///   - rate: tokens a second.
  ///   - burst: how many it holds.
  package init(rate: Double, burst: Int) {
    require(
      rate > 0 && rate <= 1e9 && burst > 0,
      "a bucket of \(burst) tokens, with \(rate) more a second, lets nothing through")
    interval = min(1e9 / rate, Double(Self.longest) / Double(burst))
    filling = Self.whole(interval * Double(burst))
  }

  /// 36 years: what takes longer is taken for that, so that no sum is too large a number.
  private static let longest = Int64.max / 8

  private static func whole(_ nanoseconds: Double) -> Int64 { Int64(min(nanoseconds, Double(longest))) }

  /// Takes tokens, and returns how long to wait for them, in nanoseconds.
  package mutating func take(_ count: Int = 1, now: Int64) -> Int64 {
    if fullAt < now { (fullAt, fraction) = (now, 0) }
    let exact = interval * Double(count) + fraction
    let whole = Self.whole(exact)
    fraction = max(0, min(exact - Double(whole), 1))
    fullAt = min(fullAt, 4 * Self.longest) + whole
    return max(0, fullAt - now - filling)
  }

  /// Whether as many tokens are there.
  package func has(_ count: Int, now: Int64) -> Bool {
    max(fullAt, now) - now + Self.whole(interval * Double(count)) <= filling
  }
}
