/// A domain name, absolute, of at most 255 bytes in labels of at most 63 (RFC 1035 §2.3.4).
///
/// It keeps the case of its letters, and compares without it (RFC 4343). Write one as text: `let name: DNSName =
/// "example.com"`, which traps on a mistake, or `try DNSName(text)`.
public struct DNSName: Sendable {
  /// As on the wire, without compression: each label behind its length, and a zero.
  package let wire: [UInt8]

  /// Takes over a name in wire form, which is valid.
  init(wire: [UInt8]) { self.wire = wire }

  /// The root: the name of no labels, `.`.
  public static let root = DNSName(wire: [0])

  /// The maximum length in wire form.
  static let maximumLength = 255

  /// Whether it is the root.
  public var isRoot: Bool { wire.count == 1 }

  /// The labels, as bytes, without the root.
  public var labels: [[UInt8]] {
    var labels: [[UInt8]] = []
    var start = 0
    while wire[start] > 0 {
      let end = start + 1 + Int(wire[start])
      labels.append(Array(wire[start + 1..<end]))
      start = end
    }
    return labels
  }

  /// The number of labels, without the root.
  public var labelCount: Int {
    var (count, start) = (0, 0)
    while wire[start] > 0 {
      start += 1 + Int(wire[start])
      count += 1
    }
    return count
  }

  /// Whether it is `other`, or below it in the tree: `www.example.com` is under `example.com`.
  public func isUnder(_ other: DNSName) -> Bool {
    var start = 0
    while wire.count - start > other.wire.count { start += 1 + Int(wire[start]) }
    return wire.count - start == other.wire.count
      && zip(wire[start...], other.wire).allSatisfy { $0.folded == $1.folded }
  }

  /// This name with the labels of another behind its own; nil if that is too long.
  func appending(_ other: DNSName) -> DNSName? {
    guard wire.count - 1 + other.wire.count <= Self.maximumLength else { return nil }
    return DNSName(wire: wire.dropLast() + other.wire)
  }

  /// The name that a DNAME record makes of this one, which is under `owner` (RFC 6672 §2.2); nil if that is too long.
  func replacing(_ owner: DNSName, by target: DNSName) -> DNSName? {
    DNSName(wire: wire.dropLast(owner.wire.count) + [0]).appending(target)
  }
}

extension DNSName: Hashable {
  /// Whether they are the same, without regard to case.
  public static func == (a: DNSName, b: DNSName) -> Bool {
    guard a.wire.count == b.wire.count else { return false }
    if a.wire == b.wire { return true }
    for index in a.wire.indices where a.wire[index] != b.wire[index] {
      // Lengths are below the letters, so that folding does not change them.
      if a.wire[index].folded != b.wire[index].folded { return false }
    }
    return true
  }

  /// Hashes eight bytes at a time, in lower case.
  public func hash(into hasher: inout Hasher) {
    let words = wire.count / 8
    for index in 0..<words { hasher.combine(word(at: index * 8, count: 8)) }
    hasher.combine(word(at: words * 8, count: wire.count - words * 8))
  }

  private func word(at start: Int, count: Int) -> UInt64 {
    var word: UInt64 = 0
    for index in start..<start + count { word = word << 8 | UInt64(wire[index]) }
    return word.folded
  }
}

extension UInt8 {
  /// In lower case, if it is a letter of ASCII.
  @inline(__always) var folded: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

  /// Whether it is a letter of ASCII.
  var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
}

extension UInt64 {
  /// Its eight bytes in lower case: the letters are found in all of them at once, by the carry into their highest bits.
  var folded: UInt64 {
    let low = self & 0x7F7F_7F7F_7F7F_7F7F
    let fromA = low &+ 0x3F3F_3F3F_3F3F_3F3F
    let behindZ = low &+ 0x2525_2525_2525_2525
    return self | (fromA & ~behindZ & ~self & 0x8080_8080_8080_8080) >> 2
  }
}
