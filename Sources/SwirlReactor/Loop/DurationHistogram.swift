/// How often durations of each length were measured: exact counts in buckets that are an eighth of their length wide.
public struct DurationHistogram: Sendable, Hashable {
  /// Eight buckets for each power of two nanoseconds; those below eight are exact.
  private var counts: [UInt64] = []
  /// How many durations were measured.
  public private(set) var count: UInt64 = 0
  private var nanoseconds: Int64 = 0
  private var longest: Int64 = 0

  package init() {}

  /// The longest; zero when nothing was measured.
  public var maximum: Duration { .nanoseconds(longest) }

  /// All of them together.
  public var total: Duration { .nanoseconds(nanoseconds) }

  /// The mean; zero when nothing was measured.
  public var mean: Duration { count == 0 ? .zero : .nanoseconds(nanoseconds / Int64(clamping: count)) }

  /// The duration that `share` of the measured ones do not exceed, rounded up by an eighth at most: `quantile(0.99)`.
  ///
  /// - Parameter share: from 0 to 1. Zero is returned when nothing was measured.
  public func quantile(_ share: Double) -> Duration {
    let wanted = max(1, UInt64((Double(count) * min(max(share, 0), 1)).rounded(.up)))
    var seen: UInt64 = 0
    for (index, count) in counts.enumerated() {
      seen += count
      if seen >= wanted { return .nanoseconds(min(longest, Self.upperBound(of: index))) }
    }
    return .zero
  }

  /// Counts one; a negative duration counts as zero.
  package mutating func record(_ duration: Int64) {
    let duration = max(0, duration)
    let index = Self.index(of: duration)
    if index >= counts.count { counts.append(contentsOf: repeatElement(0, count: index + 1 - counts.count)) }
    counts[index] += 1
    count += 1
    nanoseconds &+= duration
    longest = max(longest, duration)
  }

  private static func index(of duration: Int64) -> Int {
    if duration < 8 { return Int(duration) }
    let exponent = 63 - duration.leadingZeroBitCount
    return (exponent - 2) * 8 + Int(duration >> (exponent - 3)) & 7
  }

  private static func upperBound(of index: Int) -> Int64 {
    if index < 8 { return Int64(index) }
    let exponent = index / 8 + 2
    return (Int64(8 + index % 8 + 1) << (exponent - 3)) - 1
  }
}
