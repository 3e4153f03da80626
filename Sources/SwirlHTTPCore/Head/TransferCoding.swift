/// What the Transfer-Encoding fields of a head, read as one list, come to (RFC 9112 §6.1).
enum TransferCoding: Sendable {
  /// There is no such field.
  case none
  /// Chunked and nothing else, the only coding understood here.
  case chunked
  /// Others, and chunked last: the end could be found, the content not read.
  case othersThenChunked
  /// Chunked is not there: the end can't be found.
  case notChunked

  mutating func add(_ bytes: Span<UInt8>, _ value: Range<Int>) throws(HTTPWireError) {
    var rest: Range<Int>? = value
    while let coding = bytes.nextElement(of: &rest) {
      // An empty element, or one with a blank or a parameter in it, has been read as "chunked" by one side and as something else by
      // the other: the RFC lets a recipient skip the former, no sender has a use for it.
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
