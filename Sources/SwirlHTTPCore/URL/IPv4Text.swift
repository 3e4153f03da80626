/// The text forms of IPv4 addresses: `127.0.0.1`, `0x7f.1`, `2130706433` (WHATWG URL §3.5, the IPv4 parser).
enum IPv4Text {
  /// Whether a host must be an IPv4 address, because its last label is a number.
  static func endsInNumber(_ host: Span<UInt8>) -> Bool {
    let end = end(of: host)
    var start = end
    while start > 0, host[start - 1] != UInt8(ascii: ".") { start -= 1 }
    let last = start..<end
    guard !last.isEmpty, host[last.lowerBound].isDigit else { return false }
    return last.allSatisfy { host[$0].isDigit } || number(host.extracting(last)) != nil
  }

  /// As four decimal numbers; nil if it is not an address.
  package static func canonical(_ host: Span<UInt8>) -> String? {
    let end = end(of: host)
    var count = 1
    for index in 0..<end where host[index] == UInt8(ascii: ".") { count += 1 }
    guard count <= 4 else { return nil }
    var address: UInt64 = 0
    var start = 0
    for index in 0..<count {
      var dot = start
      while dot < end, host[dot] != UInt8(ascii: ".") { dot += 1 }
      guard let number = number(host.extracting(start..<dot)) else { return nil }
      // The last number fills all remaining bytes.
      let isLast = index == count - 1
      guard number < 1 << UInt64(isLast ? 8 * (5 - count) : 8) else { return nil }
      address |= isLast ? number : number << UInt64(8 * (3 - index))
      start = dot + 1
    }
    return "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
  }

  /// The end of the labels: an empty label behind the last dot does not count.
  private static func end(of host: Span<UInt8>) -> Int {
    !host.isEmpty && host[host.count - 1] == UInt8(ascii: ".") ? host.count - 1 : host.count
  }

  /// Hexadecimal after `0x`, octal after `0`, else decimal; nil if it is not a number; any value beyond 32 bits for an
  /// overflow.
  private static func number(_ digits: Span<UInt8>) -> UInt64? {
    guard !digits.isEmpty else { return nil }
    var (radix, start): (UInt64, Int) = (10, 0)
    if digits.count >= 2, digits[0] == UInt8(ascii: "0") {
      (radix, start) = digits[1] | 0x20 == UInt8(ascii: "x") ? (16, 2) : (8, 1)
    }
    var number: UInt64 = 0
    for index in start..<digits.count {
      guard let digit = digits[index].hexValue, UInt64(digit) < radix else { return nil }
      number = min(number * radix + UInt64(digit), 1 << 33)
    }
    return number
  }
}
