import SwirlPlatform

/// Parses text in bytes, without making a String.
extension Span where Element == UInt8 {
  /// The first control character but tab, at or after `start`; `count` without one. In a well-formed head that is the
  /// carriage return at the line's end: one search finds the end and validates the line.
  ///
  /// Tests eight bytes at a time. A byte below 0x20, or equal to 0x7F, sets its highest bit. A borrow may set wrong
  /// bits only above the first hit.
  func firstControl(from start: Int) -> Int {
    var index = start
    while index <= count - 8 {
      let word = word(at: index)
      let low = (word &- 0x2020_2020_2020_2020) & ~word
      let flipped = word ^ 0x7F7F_7F7F_7F7F_7F7F
      let delete = (flipped &- 0x0101_0101_0101_0101) & ~flipped
      let hits = (low | delete) & 0x8080_8080_8080_8080
      if hits == 0 {
        index &+= 8
      } else {
        index &+= hits.trailingZeroBitCount / 8
        if self[index] != .tab { return index }
        index &+= 1
      }
    }
    while index < count, self[index].isFieldValue { index &+= 1 }
    return index
  }

  /// The first byte at or after `start` that is neither a letter nor a hyphen, of which nearly all field names consist;
  /// `end` at the latest.
  ///
  /// Tests eight bytes at a time. The sums of seven bits do not carry into the next byte, so all marks are exact.
  @inline(__always)
  package func firstOther(from start: Int, to end: Int) -> Int {
    var index = start
    while index < end, index <= count - 8 {
      let word = word(at: index)
      let folded = (word | 0x2020_2020_2020_2020) & 0x7F7F_7F7F_7F7F_7F7F
      let letters = (folded &+ 0x1F1F_1F1F_1F1F_1F1F) & ~(folded &+ 0x0505_0505_0505_0505) & ~word
      let flipped = word ^ 0x2D2D_2D2D_2D2D_2D2D
      let notHyphens = ((flipped & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7F7F_7F7F_7F7F_7F7F) | flipped
      let others = notHyphens & ~letters & 0x8080_8080_8080_8080
      if others != 0 { return Swift.min(end, index &+ others.trailingZeroBitCount / 8) }
      index &+= 8
    }
    while index < end, self[index].isAlpha || self[index] == .hyphen { index &+= 1 }
    return Swift.min(end, index)
  }

  /// Eight bytes as one number, the first byte the lowest. The load is bounds-checked. Such a load is unsafe only for
  /// types with invalid bit patterns, and every pattern is a valid integer.
  @inline(__always)
  func word(at index: Int) -> UInt64 {
    unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
  }

  /// The first carriage return at or after `start`; `count` without one.
  package func firstCarriageReturn(from start: Int) -> Int {
    let rest = extracting(start...)
    return unsafe rest.withUnsafeBytes { bytes in
      // What is empty has no address. The pointers are of the same memory.
      guard let base = bytes.baseAddress, let found = unsafe memchr(base, Int32(UInt8.carriageReturn), bytes.count)
      else { return count }
      return unsafe start + (UnsafeRawPointer(found) - base)
    }
  }

  /// The first line feed at or after `start`.
  func firstLineFeed(from start: Int) -> Int? {
    var index = start
    while index < count {
      if self[index] == .lineFeed { return index }
      index &+= 1
    }
    return nil
  }

  /// Whether the bytes at `start` equal `text`. False if it would reach past the end.
  @inline(__always)
  package func matches(_ text: StaticString, at start: Int) -> Bool {
    let length = text.utf8CodeUnitCount
    guard start <= count - length else { return false }
    let part = extracting(start..<start + length)
    return text.withUTF8Buffer { expected in
      for index in 0..<length where unsafe part[index] != expected[index] {
        return false
      }
      return true
    }
  }

  /// Whether `range` equals `lowercase`, ASCII case-insensitive.
  ///
  /// Inlined, so that the text becomes constants in the code: this runs for every framing field.
  @inline(__always)
  package func equals(_ lowercase: StaticString, in range: Range<Int>) -> Bool {
    let length = lowercase.utf8CodeUnitCount
    guard range.count == length else { return false }
    let part = extracting(range)
    return lowercase.withUTF8Buffer { expected in
      for index in 0..<length where unsafe part[index].lowercased != expected[index] {
        return false
      }
      return true
    }
  }

  /// `range` without the blanks at both ends (OWS, RFC 9110 §5.6.3).
  @inline(__always)
  package func trimmed(_ range: Range<Int>) -> Range<Int> {
    var start = range.lowerBound
    var end = range.upperBound
    while start < end, self[start].isBlank { start += 1 }
    while end > start, self[end - 1].isBlank { end -= 1 }
    return start..<end
  }

  /// The next element of a comma-separated list (RFC 9110 §5.6.1), trimmed; `rest` advances behind it, and becomes nil
  /// at the end.
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
  /// A copy of the bytes as text; invalid UTF-8 is replaced by U+FFFD.
  init(copying bytes: Span<UInt8>) {
    self = unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
  }
}

extension [UInt8] {
  /// A copy of the bytes: one allocation, one move of memory.
  init(copying bytes: Span<UInt8>) {
    self = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
  }

  package mutating func append(copying bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}
