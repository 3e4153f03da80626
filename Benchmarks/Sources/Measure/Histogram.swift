/// A count of durations in nanoseconds, in bounded memory: 128 buckets for each power of two, so a quantile is at most
/// one part in 128 too high. Durations below 256 ns and the largest are exact.
public struct Histogram: Sendable {
  private static let precision: UInt64 = 7
  private var counts = [UInt64](repeating: 0, count: (64 - Int(precision) + 1) << Int(precision))
  /// The number of durations.
  public private(set) var count: UInt64 = 0
  /// The largest of them.
  public private(set) var maximum: UInt64 = 0
  private var sum = 0.0

  /// Without durations.
  public init() {}

  /// Adds one.
  public mutating func record(_ nanoseconds: UInt64) {
    counts[Self.bucket(of: nanoseconds)] += 1
    count += 1
    sum += Double(nanoseconds)
    if nanoseconds > maximum { maximum = nanoseconds }
  }

  /// Their mean.
  public var mean: Double { count == 0 ? 0 : sum / Double(count) }

  /// The smallest duration that is not exceeded by this share of all: 0.99 is the 99th percentile. 0 without one.
  public func quantile(_ share: Double) -> UInt64 {
    let rank = max(1, UInt64((share * Double(count)).rounded(.up)))
    var seen: UInt64 = 0
    for (bucket, count) in counts.enumerated() where count > 0 {
      seen += count
      if seen >= rank { return min(Self.largest(in: bucket), maximum) }
    }
    return maximum
  }

  /// The bucket is the leading bits of the value behind its exponent.
  private static func bucket(of value: UInt64) -> Int {
    let shift = shift(of: value)
    return Int(shift << precision + value >> shift)
  }

  private static func largest(in bucket: Int) -> UInt64 {
    let bucket = UInt64(bucket)
    if bucket < 2 << precision { return bucket }
    let shift = bucket >> precision - 1
    let leading = bucket - shift << precision
    return leading << shift | (1 << shift - 1)
  }

  /// How many bits of a value its bucket does not tell.
  private static func shift(of value: UInt64) -> UInt64 {
    let bits = UInt64(64 - value.leadingZeroBitCount)
    return bits > precision + 1 ? bits - precision - 1 : 0
  }
}
