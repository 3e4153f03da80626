/// IPv4 addresses as people and programs write them: `127.0.0.1`, `0x7f.1`, `2130706433` (WHATWG URL §3.5, the IPv4 parser).
enum IPv4Text {
  /// Whether a host can be nothing but an address, because its last label is a number.
  static func endsInNumber(_ host: Span<UInt8>) -> Bool {
    let last = labels(of: host).last ?? 0..<0
    guard !last.isEmpty, host[last.lowerBound].isDigit else { return false }
    return last.allSatisfy { host[$0].isDigit } || number(host.extracting(last)) != nil
  }

  /// As four numbers in decimal; nil for what is no address.
  static func canonical(_ host: Span<UInt8>) -> String? {
    let parts = labels(of: host)
    guard (1...4).contains(parts.count) else { return nil }
    var address: UInt64 = 0
    for (index, part) in parts.enumerated() {
      guard let number = number(host.extracting(part)) else { return nil }
      if index < parts.count - 1 {
        guard number <= 255 else { return nil }
        address |= number << UInt64(8 * (3 - index))
      } else {
        // The last one is as many bytes as are left.
        guard number < 1 << UInt64(8 * (5 - parts.count)) else { return nil }
        address |= number
      }
    }
    return "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
  }

  /// What stands between the dots, without an empty one at the end. Of more than five only five: that many are no address.
  private static func labels(of host: Span<UInt8>) -> [Range<Int>] {
    var labels: [Range<Int>] = []
    var start = 0
    for index in host.indices where host[index] == UInt8(ascii: ".") {
      labels.append(start..<index)
      start = index + 1
    }
    if start < host.count || labels.isEmpty { labels.append(start..<host.count) }
    return labels
  }

  /// Hexadecimal after `0x`, octal after `0`, else decimal; nil for no number, and a number beyond 32 bits for all that are.
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
