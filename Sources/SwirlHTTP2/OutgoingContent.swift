#if HTTP2
import HTTPTypes

/// The content of one message until it is sent.
///
/// Exempt from run-time checks for overlapping access: nothing that is called while one of these changes comes back.
final class OutgoingContent {
  /// The piece that is being sent; most messages have one.
  @exclusivity(unchecked) private var first: [UInt8] = []
  @exclusivity(unchecked) private var offset = 0
  /// The pieces after it, in order, from `next` on.
  @exclusivity(unchecked) private var others: [[UInt8]] = []
  @exclusivity(unchecked) private var next = 0
  /// How many bytes wait.
  @exclusivity(unchecked) private(set) var count = 0
  /// No more comes after this.
  @exclusivity(unchecked) var isEnded = false
  /// Follow the content.
  @exclusivity(unchecked) var trailers: HTTPFields?
  /// Whether the session waits for content, and must be resumed.
  @exclusivity(unchecked) var isAwaited = false
  /// Whether its writer wants to know when some of it is sent.
  @exclusivity(unchecked) var isWatched = false
  /// Whether its writer was to wait.
  @exclusivity(unchecked) var isFull = false

  /// Makes it the content of another message, when all was sent.
  func reset() {
    isEnded = false
    if trailers != nil { trailers = nil }
    isAwaited = false
    isWatched = false
    isFull = false
    if others.capacity > 64 { others = [] }
  }

  func append(_ piece: [UInt8]) {
    if piece.isEmpty { return }
    if count == 0 { first = piece } else { others.append(piece) }
    count += piece.count
  }

  /// Moves the first `count` bytes to the end of `output`.
  func move(_ count: Int, to output: inout [UInt8]) {
    var left = count
    while left > 0 {
      let take = min(left, first.count - offset)
      output += first[offset..<offset + take]
      left -= take
      offset += take
      if offset == first.count { takeNext() }
    }
    self.count -= count
  }

  private func takeNext() {
    offset = 0
    if next == others.count {
      first = []
      if next == 0 { return }
      others.removeAll(keepingCapacity: true)
      next = 0
    } else {
      first = others[next]
      others[next] = []
      next += 1
      // A writer that is always ahead would otherwise leave behind a place for each piece.
      if next == 64 {
        others.removeFirst(next)
        next = 0
      }
    }
  }
}
#endif
