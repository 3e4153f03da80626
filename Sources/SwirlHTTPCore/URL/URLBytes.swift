// The sets of bytes that the URL standard names (WHATWG URL §1.3, §3.1).

/// A set of ASCII bytes, one bit for each.
struct ASCIISet {
  private let low: UInt64
  private let high: UInt64

  /// - Parameter controls: whether to include the control characters.
  package init(_ members: StaticString, controls: Bool = true) {
    var low: UInt64 = controls ? 0xFFFF_FFFF : 0
    var high: UInt64 = controls ? 1 << 63 : 0
    for scalar in members.description.unicodeScalars {
      if scalar.value < 64 { low |= 1 << UInt64(scalar.value) } else { high |= 1 << UInt64(scalar.value - 64) }
    }
    self.low = low
    self.high = high
  }

  /// Whether the set contains this byte, which must be ASCII.
  @inline(__always) package func contains(_ byte: UInt8) -> Bool {
    (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 == 1
  }

  package static let path = ASCIISet(" \"#<>?^`{}")
  package static let query = ASCIISet(" \"#<>'")
  static let fragment = ASCIISet(" \"<>`")
  /// The forbidden domain code points.
  static let notInDomains = ASCIISet(" #/:<>?@[\\]^|%")
}

extension UInt8 {
  var isEncodedInPaths: Bool { self >= 0x80 || ASCIISet.path.contains(self) }
  var isEncodedInQueries: Bool { self >= 0x80 || ASCIISet.query.contains(self) }
  var isEncodedInFragments: Bool { self >= 0x80 || ASCIISet.fragment.contains(self) }
  var isForbiddenInDomains: Bool { self < 0x80 && ASCIISet.notInDomains.contains(self) }

  /// The bytes that a canonical path, query or both must not have; as constants, because this tests each byte of each
  /// request's URL.
  @inline(__always) var isEncodedInTargets: Bool {
    // Control characters, space, " # ' < >, and \ ^ ` { } DEL.
    let low: UInt64 = 0x5000_008D_FFFF_FFFF
    let high: UInt64 = 0xA800_0001_5000_0000
    return self >= 0x80 || (self < 64 ? low : high) >> UInt64(self & 63) & 1 == 1
  }

  var isTabOrLineEnd: Bool { self == 0x09 || self == 0x0A || self == 0x0D }
  /// The URL standard treats a backslash as a slash.
  var isSlash: Bool { self == UInt8(ascii: "/") || self == UInt8(ascii: "\\") }
  package var isLetter: Bool { self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "z") }
  var isHexDigit: Bool { isDigit || (self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "f")) }
  var isSchemeByte: Bool {
    isDigit || isLetter || self == UInt8(ascii: "+") || self == UInt8(ascii: "-") || self == UInt8(ascii: ".")
  }
}

extension String {
  /// The bytes as text, with ASCII letters in lower case.
  package init(lowercasing bytes: Span<UInt8>) {
    // The closure writes all the bytes that it counts.
    self = unsafe String(unsafeUninitializedCapacity: bytes.count) { buffer in
      for index in bytes.indices {
        let byte = bytes[index]
        unsafe buffer[index] = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
      }
      return bytes.count
    }
  }
}
