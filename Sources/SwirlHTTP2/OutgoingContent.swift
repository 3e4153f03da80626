#if HTTP2
import HTTPTypes

/// The content of one message until it is sent.
struct OutgoingContent {
  private var pieces: [[UInt8]] = []
  private var first = 0
  private var offset = 0
  /// How many bytes wait.
  private(set) var count = 0
  /// No more comes after this.
  var isEnded = false
  /// Follow the content.
  var trailers: HTTPFields?
  /// Whether the session waits for content, and must be resumed.
  var isAwaited = false
  /// Whether its writer was to wait.
  var isFull = false

  mutating func append(_ piece: [UInt8]) {
    if piece.isEmpty { return }
    pieces.append(piece)
    count += piece.count
  }

  /// Moves the first bytes into `room`.
  mutating func move(into room: UnsafeMutableBufferPointer<UInt8>) -> Int {
    var moved = 0
    while moved < room.count, first < pieces.count {
      let take = min(room.count - moved, pieces[first].count - offset)
      pieces[first].withUnsafeBufferPointer { piece in
        room.baseAddress!.advanced(by: moved).update(from: piece.baseAddress!.advanced(by: offset), count: take)
      }
      moved += take
      offset += take
      if offset == pieces[first].count {
        pieces[first] = []
        first += 1
        offset = 0
      }
    }
    if first == pieces.count {
      pieces.removeAll(keepingCapacity: true)
      first = 0
    }
    count -= moved
    return moved
  }
}
#endif
