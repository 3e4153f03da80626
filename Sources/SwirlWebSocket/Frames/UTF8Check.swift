/// Checks text as it comes (RFC 3629): a byte that cannot be part of UTF-8 is found when it is there.
struct UTF8Check {
  /// Bytes that the character still needs.
  private var needed: UInt8 = 0
  /// What the next of them may be: an overlong form, a surrogate and a number above U+10FFFF show in the second byte.
  private var lowest: UInt8 = 0x80
  private var highest: UInt8 = 0xBF

  /// Whether the text may end here.
  var isComplete: Bool { needed == 0 }

  /// - Returns: whether the bytes continue valid text.
  mutating func accepts(_ bytes: Span<UInt8>) -> Bool {
    var index = 0
    while index < bytes.count {
      if needed == 0 {
        index = bytes.endOfASCII(from: index)
        guard index < bytes.count else { return true }
        guard begin(bytes[index]) else { return false }
      } else {
        guard lowest <= bytes[index], bytes[index] <= highest else { return false }
        (lowest, highest) = (0x80, 0xBF)
        needed -= 1
      }
      index &+= 1
    }
    return true
  }

  private mutating func begin(_ byte: UInt8) -> Bool {
    switch byte {
    case 0xC2...0xDF: needed = 1
    case 0xE0...0xEF: needed = 2
    case 0xF0...0xF4: needed = 3
    default: return false
    }
    switch byte {
    case 0xE0: lowest = 0xA0
    case 0xED: highest = 0x9F
    case 0xF0: lowest = 0x90
    case 0xF4: highest = 0x8F
    default: break
    }
    return true
  }
}

extension Span where Element == UInt8 {
  /// The first byte that is not ASCII, at or after `start`; `count` without one.
  fileprivate func endOfASCII(from start: Int) -> Int {
    var index = start
    while index <= count - 8 {
      // The load is bounds-checked, and any pattern of bits is an integer.
      let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
      guard word & 0x8080_8080_8080_8080 == 0 else { break }
      index &+= 8
    }
    while index < count, self[index] < 0x80 { index &+= 1 }
    return index
  }
}
