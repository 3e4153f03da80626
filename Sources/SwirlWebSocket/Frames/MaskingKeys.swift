internal import SwirlDeferred

/// Keys for the frames of a client, which must not be predictable (RFC 6455 §5.3, §10.3).
struct MaskingKeys {
  /// Those that are left: the system is asked for 64 at a time.
  private var keys: [UInt64] = []
  private var half: UInt32?

  mutating func next() -> UInt32 {
    if let half {
      self.half = nil
      return half
    }
    if keys.isEmpty {
      keys = [UInt64](repeating: 0, count: 32)
      var random = HouseRandom()
      random.fill(&keys)
    }
    let two = keys.removeLast()
    half = UInt32(truncatingIfNeeded: two >> 32)
    return UInt32(truncatingIfNeeded: two)
  }
}
