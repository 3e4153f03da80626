/// The character classes of RFC 9110 §5.6 and RFC 3986. A set is two 64-bit masks, one for each half of ASCII: a test
/// is a shift, without a table in memory.
extension UInt8 {
  static let tab: UInt8 = 0x09
  static let lineFeed: UInt8 = 0x0A
  static let carriageReturn: UInt8 = 0x0D
  static let space: UInt8 = 0x20
  static let quote = UInt8(ascii: "\"")
  static let comma = UInt8(ascii: ",")
  static let dot = UInt8(ascii: ".")
  static let hyphen = UInt8(ascii: "-")
  static let slash = UInt8(ascii: "/")
  static let colon = UInt8(ascii: ":")
  static let semicolon = UInt8(ascii: ";")

  /// A space or a tab: the characters of OWS and BWS.
  package var isBlank: Bool {
    self == .space || self == .tab
  }

  package var isDigit: Bool {
    self &- UInt8(ascii: "0") < 10
  }

  var isAlpha: Bool {
    (self | 0x20) &- UInt8(ascii: "a") < 26
  }

  /// `tchar`: `!#$%&'*+-.^_|~`, the back quote, digits and letters.
  package var isToken: Bool {
    isIn(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE)
  }

  /// The characters of a field value and a reason phrase: visible ASCII, space, tab, and the obsolete bytes above
  /// ASCII.
  var isFieldValue: Bool {
    (self >= .space && self != 0x7F) || self == .tab
  }

  /// Visible ASCII but for `#`: a target has no fragment (RFC 9112 §3.2).
  var isTarget: Bool {
    self > .space && self < 0x7F && self != UInt8(ascii: "#")
  }

  /// The characters of a registered name or an IPv4 address (RFC 3986 §3.2.2).
  var isRegisteredName: Bool {
    isIn(low: 0x2BFF_7FF2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
  }

  /// The characters between the brackets of an IPv6 or later literal (RFC 3986 §3.2.2).
  var isAddressLiteral: Bool {
    self == .colon || isRegisteredName
  }

  var lowercased: UInt8 {
    self &- UInt8(ascii: "A") < 26 ? self | 0x20 : self
  }

  private func isIn(low: UInt64, high: UInt64) -> Bool {
    if self < 64 { return (low &>> UInt64(self)) & 1 != 0 }
    if self < 128 { return (high &>> UInt64(self &- 64)) & 1 != 0 }
    return false
  }
}
