/// Reading text in bytes without making a String of it.
extension Span where Element == UInt8 {
  /// The first line feed at or after `start`.
  func firstLineFeed(from start: Int) -> Int? {
    var index = start
    while index < count {
      if self[index] == .lineFeed { return index }
      index &+= 1
    }
    return nil
  }

  /// Whether `text` stands at `start`, byte for byte. False where it would reach past the end.
  func matches(_ text: String, at start: Int) -> Bool {
    let expected = text.utf8.span
    guard start <= count - expected.count else { return false }
    for index in expected.indices where self[start + index] != expected[index] {
      return false
    }
    return true
  }

  /// Whether `range` holds `lowercase`, whatever the case of its ASCII letters.
  func equals(_ lowercase: String, in range: Range<Int>) -> Bool {
    let expected = lowercase.utf8.span
    guard range.count == expected.count else { return false }
    for index in expected.indices where self[range.lowerBound + index].lowercased != expected[index] {
      return false
    }
    return true
  }

  /// `range` without the blanks at both its ends (OWS, RFC 9110 §5.6.3).
  func trimmed(_ range: Range<Int>) -> Range<Int> {
    var start = range.lowerBound
    var end = range.upperBound
    while start < end, self[start].isBlank { start += 1 }
    while end > start, self[end - 1].isBlank { end -= 1 }
    return start..<end
  }

  /// The next element of a comma-separated list (RFC 9110 §5.6.1), trimmed; `rest` becomes what follows it, nil at the end.
  func nextElement(of rest: inout Range<Int>?) -> Range<Int>? {
    guard let list = rest else { return nil }
    for index in list where self[index] == .comma {
      rest = (index + 1)..<list.upperBound
      return trimmed(list.lowerBound..<index)
    }
    rest = nil
    return trimmed(list)
  }

  func isToken(_ range: Range<Int>) -> Bool {
    if range.isEmpty { return false }
    for index in range where !self[index].isToken {
      return false
    }
    return true
  }

  func string(_ range: Range<Int>) -> String {
    String(copying: extracting(range))
  }
}

extension String {
  /// A copy of the bytes, repaired where they are not UTF-8.
  init(copying bytes: Span<UInt8>) {
    self = unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
  }
}

extension [UInt8] {
  /// A copy of the bytes: one allocation, one move of memory.
  init(copying bytes: Span<UInt8>) {
    self = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
  }

  mutating func append(copying bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}
