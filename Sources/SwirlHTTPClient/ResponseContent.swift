import SwirlContent
import SwirlHTTPCore

/// The content of one response between the connection and its consumer: collected, or delivered with each read.
struct ResponseContent {
  /// The collected bytes; for a streamed response, those of the current read.
  var bytes: [UInt8] = []
  /// Decodes the content of the current response.
  private(set) var decoder: ContentDecoder?
  /// The sink of a streamed response.
  private(set) var stream: (any ResponseSink)?

  mutating func collect(_ decoder: ContentDecoder?, _ framing: BodyFraming) {
    self.decoder = decoder
    if decoder == nil, case .contentLength(let length) = framing {
      // A server may announce any length, so limit the allocation; one byte more for a direct read.
      bytes.reserveCapacity(min(length, 1 << 20) + 1)
    }
  }

  mutating func stream(to stream: any ResponseSink, _ decoder: ContentDecoder?) {
    self.stream = stream
    self.decoder = decoder
  }

  mutating func append(_ piece: Span<UInt8>) { bytes.append(copying: piece) }

  /// Appends the bytes that `read` puts into `capacity` bytes of room; returns their number.
  mutating func append(adding capacity: Int, _ read: (inout OutputSpan<UInt8>) -> Void) -> Int {
    let before = bytes.count
    bytes.append(addingCapacity: capacity) { read(&$0) }
    return bytes.count - before
  }

  /// Removes the bytes of the current read; nil if there are no bytes.
  mutating func take() -> [UInt8]? {
    if bytes.isEmpty { return nil }
    var taken: [UInt8] = []
    swap(&taken, &bytes)
    return taken
  }

  /// Ends the response, and returns the collected bytes.
  mutating func end() -> [UInt8] {
    decoder = nil
    stream = nil
    var taken: [UInt8] = []
    swap(&taken, &bytes)
    return taken
  }
}
