/// Bytes as they come, and the messages in them.
package struct FrameSplitter {
  private let framing: any Framing
  private var bytes: [UInt8] = []
  /// How many of `bytes` were given away.
  private var start = 0
  /// How many of the rest were looked at in vain.
  private var searched = 0

  package init(_ framing: any Framing) { self.framing = framing }

  /// What came and is no message yet.
  var rest: [UInt8] { Array(bytes[start...]) }

  mutating func append(_ more: Span<UInt8>) {
    more.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
  }

  package mutating func append(_ more: [UInt8]) {
    if bytes.isEmpty { bytes = more } else { bytes += more }
  }

  /// The next message; nil when it is not whole.
  package mutating func next() throws(FramingError) -> [UInt8]? {
    let frame = try framing.firstFrame(in: bytes.span.extracting(start..<bytes.count), searched: searched)
    guard let frame else {
      searched = bytes.count - start
      bytes.removeFirst(start)
      start = 0
      return nil
    }
    let message = Array(bytes[start + frame.message.lowerBound..<start + frame.message.upperBound])
    start += frame.end
    searched = 0
    return message
  }
}
