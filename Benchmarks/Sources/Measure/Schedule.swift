import Glibc

/// When each request of an open load is due, whatever became of those before it.
///
/// Times are nanoseconds of the monotonic clock.
public struct Schedule: Sendable {
  /// The time at which the next request is due.
  public private(set) var next: UInt64
  /// The first request that counts is due then, behind the warm-up.
  public let counted: UInt64
  /// No request is due then or later.
  public let end: UInt64
  /// Requests a second.
  public let rate: Double
  private let start: UInt64
  private let isRandom: Bool
  private var number = 0
  private var offset = 0.0
  /// Fixed, so that each contender has the same arrivals.
  private var random: UInt64 = 42

  /// - Parameter options: `--rate` (a second), `--seconds`, `--warm-up`, and `--arrivals even` or `random`, which are
  ///   those of a Poisson process.
  public init(_ options: Options, from start: UInt64 = monotonicNanoseconds()) {
    rate = options.number("--rate", or: 1000)
    if rate <= 0 { fail("--rate must be above 0") }
    let arrivals = options.text("--arrivals") ?? "even"
    if arrivals != "even" && arrivals != "random" { fail("--arrivals are even or random") }
    isRandom = arrivals == "random"
    self.start = start
    next = start
    counted = start + UInt64(options.number("--warm-up", or: 0.5) * 1e9)
    end = counted + UInt64(options.number("--seconds", or: 2) * 1e9)
  }

  /// Whether all requests have become due.
  public var isOver: Bool { next >= end }

  /// Proceeds to the next request.
  public mutating func advance() {
    number += 1
    if isRandom {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      offset -= log((Double(random >> 11) + 0.5) * 0x1p-53) * 1e9 / rate
    } else {
      // Not a sum, which would drift.
      offset = Double(number) * 1e9 / rate
    }
    next = start + UInt64(offset)
  }
}
