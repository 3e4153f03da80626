/// Splits received bytes into messages.
package struct FrameSplitter {
  private let framing: any Framing
  private var bytes: [UInt8] = []
  /// The number of bytes of `bytes` already returned.
  private var start = 0
  /// The number of further bytes already searched.
  private var searched = 0

  package init(_ framing: any Framing) { self.framing = framing }

  /// The bytes of an incomplete message.
  var rest: [UInt8] { Array(bytes[start...]) }

  mutating func append(_ more: Span<UInt8>) {
    more.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
  }

  package mutating func append(_ more: [UInt8]) {
    if bytes.isEmpty { bytes = more } else { bytes += more }
  }

  /// The next message; nil if it is incomplete.
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
