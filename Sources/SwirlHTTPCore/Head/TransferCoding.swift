/// The meaning of the Transfer-Encoding fields of a head, joined as one list (RFC 9112 §6.1).
enum TransferCoding: Sendable {
  /// No such field.
  case none
  /// Chunked alone, the only supported coding.
  case chunked
  /// Others, then chunked: the end could be found, but the content not decoded.
  case othersThenChunked
  /// Chunked is not the last coding: the end can't be found.
  case notChunked

  mutating func add(_ bytes: Span<UInt8>, _ value: Range<Int>) throws(HTTPWireError) {
    var rest: Range<Int>? = value
    while let coding = bytes.nextElement(of: &rest) {
      // Refuse an empty element, and one with a blank or a parameter: one parser reads it as "chunked", another does
      // not, which permits smuggling. The RFC lets a recipient skip empty elements, but no sender needs them.
      let name = coding.lowerBound..<bytes.endOfToken(in: coding)
      guard !name.isEmpty, self != .chunked, self != .othersThenChunked else {
        throw HTTPWireError(.badFraming, "Transfer-Encoding must be a list in which chunked is last (RFC 9112 §6.1)")
      }
      if bytes.equals("chunked", in: name) {
        guard name == coding else {
          throw HTTPWireError(.badFraming, "the chunked transfer coding has no parameters (RFC 9112 §7.1)")
        }
        self = self == .none ? .chunked : .othersThenChunked
      } else {
        self = .notChunked
      }
    }
  }
}

extension Span where Element == UInt8 {
  fileprivate func endOfToken(in range: Range<Int>) -> Int {
    var end = range.lowerBound
    while end < range.upperBound, self[end].isToken { end += 1 }
    return end
  }
}
