/// An IPv4 or IPv6 address: the content of an A or AAAA record. A value, without memory of its own.
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
  private let high: UInt64
  private let low: UInt64
  /// Whether it is an IPv4 address; otherwise it is an IPv6 address.
  public let isIPv4: Bool

  /// An address from its bytes in network order: four or sixteen of them; nil for another number.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    var (high, low): (UInt64, UInt64) = (0, 0)
    for byte in bytes {
      high = high << 8 | low >> 56
      low = low << 8 | UInt64(byte)
    }
    self.init(high, low, isIPv4: bytes.count == 4)
  }

  init(_ high: UInt64, _ low: UInt64, isIPv4: Bool) {
    self.high = high
    self.low = low
    self.isIPv4 = isIPv4
  }

  /// The four or sixteen bytes, in network order.
  public var bytes: [UInt8] {
    if isIPv4 { return stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: low >> UInt64($0)) } }
    return [high, low].flatMap { half in
      stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: half >> UInt64($0)) }
    }
  }

  /// `192.0.2.1`, `2001:db8::1` (RFC 5952), `::ffff:192.0.2.1`.
  public var description: String {
    if isIPv4 { return dotted }
    // RFC 5952 §5: an IPv4-mapped address.
    if high == 0, low >> 32 == 0xFFFF { return "::ffff:" + dotted }
    let groups = groups
    // RFC 5952 §4.2: the longest run of zeros, of two groups at least, and the first of them.
    var (best, current) = (0..<0, 0..<0)
    for (index, group) in groups.enumerated() {
      current =
        group == 0 ? (current.upperBound == index ? current.lowerBound : index)..<index + 1 : index + 1..<index + 1
      if current.count > best.count { best = current }
    }
    func joined(_ part: ArraySlice<UInt16>) -> String {
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    if best.count < 2 { return joined(groups[...]) }
    return joined(groups[..<best.lowerBound]) + "::" + joined(groups[best.upperBound...])
  }

  private var dotted: String {
    stride(from: 24, through: 0, by: -8).map { "\(low >> UInt64($0) & 0xFF)" }.joined(separator: ".")
  }

  private var groups: [UInt16] {
    [high, low].flatMap { half in
      stride(from: 48, through: 0, by: -16).map { UInt16(truncatingIfNeeded: half >> UInt64($0)) }
    }
  }

  /// The name that is asked for to find the name of this address: `1.2.0.192.in-addr.arpa` (RFC 1035 §3.5), or the 32
  /// digits and `ip6.arpa` (RFC 3596 §2.5).
  public var reverseName: DNSName {
    var wire: [UInt8] = []
    if isIPv4 {
      for shift in stride(from: 0, through: 24, by: 8) {
        let digits = Array("\(low >> UInt64(shift) & 0xFF)".utf8)
        wire.append(UInt8(digits.count))
        wire += digits
      }
      wire += [7] + Array("in-addr".utf8)
    } else {
      for half in [low, high] {
        for shift in stride(from: 0, to: 64, by: 4) {
          wire += [1, Array("0123456789abcdef".utf8)[Int(half >> UInt64(shift) & 0xF)]]
        }
      }
      wire += [3] + Array("ip6".utf8)
    }
    return DNSName(wire: wire + [4] + Array("arpa".utf8) + [0])
  }
}
