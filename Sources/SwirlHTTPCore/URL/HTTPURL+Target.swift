// The path, query and fragment of a URL (WHATWG URL §4.4, path state and after it).

extension HTTPURL {
  /// Whether a path and query are in canonical form: no byte to percent-encode, no dot segment, no fragment.
  static func isCanonicalTarget(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var isAfterSlash = false
    for index in range {
      let byte = bytes[index]
      if byte.isEncodedInTargets { return false }
      if isAfterSlash, byte == UInt8(ascii: ".") || bytes.hasEncodedDot(at: index, before: range.upperBound) {
        return false
      }
      isAfterSlash = byte == UInt8(ascii: "/")
    }
    return true
  }

  /// The target from the text behind an authority, or from a reference relative to `base`, a path without its last
  /// segment.
  package static func target(_ input: Span<UInt8>, _ range: Range<Int>, after base: [UInt8]? = nil) -> String {
    if range.isEmpty { return base.map { String(decoding: $0, as: UTF8.self) } ?? "/" }
    if base == nil, input[range.lowerBound] == UInt8(ascii: "/"), isCanonicalTarget(input, range) {
      return String(copying: input.extracting(range))
    }
    var output = base ?? []
    output.reserveCapacity(output.count + range.count + 8)
    let query = range.first { input[$0] == UInt8(ascii: "?") } ?? range.upperBound
    // A reference that is only a query keeps the path of its base.
    if query > range.lowerBound || base == nil { appendPath(input, range.lowerBound..<query, to: &output) }
    if query < range.upperBound {
      output.append(UInt8(ascii: "?"))
      for index in query + 1..<range.upperBound {
        output.append(input[index], percentEncoded: input[index].isEncodedInQueries)
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  private static func appendPath(_ input: Span<UInt8>, _ range: Range<Int>, to path: inout [UInt8]) {
    var start = range.lowerBound
    if start < range.upperBound, input[start].isSlash { start += 1 }
    while true {
      let end = (start..<range.upperBound).first { input[$0].isSlash } ?? range.upperBound
      let isLast = end == range.upperBound
      switch dots(input, start..<end) {
      case 1: if isLast { path.append(UInt8(ascii: "/")) }
      case 2:
        path.removeLastSegment()
        if isLast { path.append(UInt8(ascii: "/")) }
      default:
        path.append(UInt8(ascii: "/"))
        for index in start..<end { path.append(input[index], percentEncoded: input[index].isEncodedInPaths) }
      }
      if isLast { return }
      start = end + 1
    }
  }

  /// 1 for a segment `.`, 2 for `..`, also percent-encoded; 0 for others.
  private static func dots(_ input: Span<UInt8>, _ range: Range<Int>) -> Int {
    var (index, dots) = (range.lowerBound, 0)
    while index < range.upperBound {
      if input[index] == UInt8(ascii: ".") {
        index += 1
      } else if input.hasEncodedDot(at: index, before: range.upperBound) {
        index += 3
      } else {
        return 0
      }
      dots += 1
    }
    return dots <= 2 ? dots : 0
  }

  static func encodedFragment(_ input: Span<UInt8>, _ range: Range<Int>) -> String {
    var output: [UInt8] = []
    for index in range { output.append(input[index], percentEncoded: input[index].isEncodedInFragments) }
    return String(decoding: output, as: UTF8.self)
  }
}

extension [UInt8] {
  /// Shortens a path; one without segments stays unchanged.
  mutating func removeLastSegment() {
    if let slash = lastIndex(of: UInt8(ascii: "/")) { removeSubrange(slash...) }
  }

  fileprivate mutating func append(_ byte: UInt8, percentEncoded: Bool) {
    if percentEncoded { append(percentEncoding: byte) } else { append(byte) }
  }
}

extension Span<UInt8> {
  /// Whether `%2e` is at `index`.
  fileprivate func hasEncodedDot(at index: Int, before end: Int) -> Bool {
    self[index] == UInt8(ascii: "%") && index + 2 < end && self[index + 1] == UInt8(ascii: "2")
      && self[index + 2] | 0x20 == UInt8(ascii: "e")
  }
}
