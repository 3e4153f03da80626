/// A histogram of durations: exact counts in buckets whose width is an eighth of their length.
public struct DurationHistogram: Sendable, Hashable {
  /// Eight buckets for each power of two nanoseconds; those below eight are exact.
  private var counts: [UInt64] = []
  /// The number of recorded durations.
  public private(set) var count: UInt64 = 0
  private var nanoseconds: Int64 = 0
  private var longest: Int64 = 0

  package init() {}

  /// The longest duration; zero without a measurement.
  public var maximum: Duration { .nanoseconds(longest) }

  /// The sum of all durations.
  public var total: Duration { .nanoseconds(nanoseconds) }

  /// The mean; zero without a measurement.
  public var mean: Duration { count == 0 ? .zero : .nanoseconds(nanoseconds / Int64(clamping: count)) }

  /// The duration that a `share` of the recorded ones does not exceed, rounded up by at most an eighth:
  /// `quantile(0.99)`.
  ///
  /// - Parameter share: from 0 to 1.
  public func quantile(_ share: Double) -> Duration {
    let wanted = max(1, UInt64((Double(count) * min(max(share, 0), 1)).rounded(.up)))
    var seen: UInt64 = 0
    for (index, count) in counts.enumerated() {
      seen += count
      if seen >= wanted { return .nanoseconds(min(longest, Self.upperBound(of: index))) }
    }
    return .zero
  }

  /// Records a duration; a negative one counts as zero.
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
