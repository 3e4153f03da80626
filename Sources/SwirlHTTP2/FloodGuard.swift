#if HTTP2
/// Counts what a peer does that costs more than it brings (RFC 9113 §10.5).
///
/// One number covers each flood of frames: bytes are charged when they arrive, and earned back by fields and content.
/// A frame of nine bytes costs as little as it takes to read it, so that no kind of frame needs a count of its own.
struct FloodGuard {
  private var resets: Allowance
  private var overhead: Allowance
  private var continuations = 0
  private let continuationLimit: Int

  init(_ settings: HTTP2Settings) {
    resets = Allowance(settings.resets)
    overhead = Allowance(settings.overheadBytes)
    continuationLimit = settings.continuations
  }

  /// A frame, or a part of one, has arrived.
  mutating func charge(_ bytes: Int) { overhead.take(bytes) }

  /// SETTINGS changes the windows of all streams, which is more work than its length says.
  mutating func chargeSettings() { overhead.take(1000) }

  /// Content or fields of a message were received, or content was sent, for which the peer has to update windows.
  mutating func earn(_ bytes: Int) { overhead.give(bytes) }

  /// A stream ends without an answer.
  mutating func chargeReset() { resets.take(1) }

  mutating func beginSection() { continuations = 0 }

  mutating func continueSection() { continuations += 1 }

  /// What the peer exceeds. Asked after each read, with the time in nanoseconds.
  mutating func excess(at now: Int64) -> String? {
    if continuations > continuationLimit {
      return "the fields of a message come in more than \(continuationLimit) CONTINUATION frames (RFC 9113 §10.5)"
    }
    if resets.isExceeded(at: now) {
      return "more than \(resets.limit) requests ended before they were answered (RFC 9113 §10.5)"
    }
    if overhead.isExceeded(at: now) {
      return "more than \(overhead.limit) bytes came in frames without fields and content (RFC 9113 §10.5)"
    }
    return nil
  }
}

/// A number that falls, and regrows to its limit in 30 seconds.
private struct Allowance {
  let limit: Int
  private var left: Int
  private var time: Int64 = 0

  init(_ limit: Int) {
    self.limit = limit
    left = limit
  }

  mutating func take(_ count: Int) { left -= count }

  mutating func give(_ count: Int) { left = min(limit, left + count) }

  mutating func isExceeded(at now: Int64) -> Bool {
    if left >= limit {
      time = now
    } else {
      let grown = Int(Double(now - time) / 30e9 * Double(limit))
      if grown > 0 {
        give(grown)
        time = now
      }
    }
    return left < 0
  }
}
#endif
