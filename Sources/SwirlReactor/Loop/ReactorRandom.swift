import SwirlDeferred

/// Deterministic random numbers (SplitMix64).
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// The random numbers of a reactor: the system's, or with a virtual clock those of the seed.
package struct ReactorRandom: RandomNumberGenerator {
  private var seeded: SplitMix64?
  /// Numbers that one call of the system has given, of which each is used once and then overwritten.
  private var numbers: [UInt64] = []
  private var used = 0

  /// What getentropy(3) gives in a call.
  private static let count = 32

  package init(_ source: Reactor.ClockSource) {
    if case .virtual(let seed) = source { seeded = SplitMix64(seed: seed) }
  }

  package mutating func next() -> UInt64 {
    guard seeded == nil else { return seeded!.next() }
    if used == numbers.count { refill() }
    defer {
      numbers[used] = 0
      used += 1
    }
    return numbers[used]
  }

  private mutating func refill() {
    numbers = Array(repeating: 0, count: Self.count)
    HouseRandom.fillBySystem(&numbers)
    used = 0
  }
}
