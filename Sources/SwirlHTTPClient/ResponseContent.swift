import SwirlContent
import SwirlHTTPCore

/// The content of one response between the connection and its consumer: collected, or handed on with each read.
struct ResponseContent {
  /// What was collected; of a streamed response, what the present read has brought.
  var bytes: [UInt8] = []
  /// Removes the codings of the present response.
  private(set) var decoder: ContentDecoder?
  /// Where the content of a streamed response goes.
  private(set) var stream: (any ResponseSink)?

  mutating func collect(_ decoder: ContentDecoder?, _ framing: BodyFraming) {
    self.decoder = decoder
    if decoder == nil, case .contentLength(let length) = framing {
      // No more than this on the word of a server that may not keep it; one more for a direct read.
      bytes.reserveCapacity(min(length, 1 << 20) + 1)
    }
  }

  mutating func stream(to stream: any ResponseSink, _ decoder: ContentDecoder?) {
    self.stream = stream
    self.decoder = decoder
  }

  mutating func append(_ piece: Span<UInt8>) { bytes.append(copying: piece) }

  /// Appends what `read` puts into a place of `capacity` bytes; returns how much that was.
  mutating func append(adding capacity: Int, _ read: (inout OutputSpan<UInt8>) -> Void) -> Int {
    let before = bytes.count
    bytes.append(addingCapacity: capacity) { read(&$0) }
    return bytes.count - before
  }

  /// What the present read has brought; nil for nothing.
  mutating func take() -> [UInt8]? {
    if bytes.isEmpty { return nil }
    var taken: [UInt8] = []
    swap(&taken, &bytes)
    return taken
  }

  /// Ends the response, and gives what was collected.
  mutating func end() -> [UInt8] {
    decoder = nil
    stream = nil
    var taken: [UInt8] = []
    swap(&taken, &bytes)
    return taken
  }
}
