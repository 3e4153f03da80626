/// IPv6 addresses in text (WHATWG URL §3.5, the IPv6 parser and serializer; RFC 5952).
enum IPv6Text {
  /// In brackets, in its shortest form. A link-local address may have a zone behind `%25` (RFC 6874), or behind `%`, as
  /// people paste it; the result has it behind `%25`. nil if it is not an address.
  package static func canonical(_ text: Span<UInt8>) -> String? {
    let percent = text.indices.first { text[$0] == UInt8(ascii: "%") } ?? text.count
    guard let pieces = pieces(text.extracting(0..<percent)) else { return nil }
    var zone = ""
    if percent < text.count {
      var start = percent + 1
      if start + 1 < text.count, text[start] == UInt8(ascii: "2"), text[start + 1] == UInt8(ascii: "5") { start += 2 }
      guard pieces[0] & 0xFFC0 == 0xFE80, start < text.count,
        (start..<text.count).allSatisfy({ text[$0].isUnreserved })
      else { return nil }
      zone = "%25" + String(copying: text.extracting(start..<text.count))
    }
    return "[\(serialized(pieces))\(zone)]"
  }

  private static func pieces(_ text: Span<UInt8>) -> [UInt16]? {
    var pieces: [UInt16] = []
    var compress: Int?
    var index = 0
    if !text.isEmpty, text[0] == UInt8(ascii: ":") {
      guard text.count >= 2, text[1] == UInt8(ascii: ":") else { return nil }
      compress = 0
      index = 2
    }
    while index < text.count {
      if pieces.count == 8 { return nil }
      if text[index] == UInt8(ascii: ":") {
        guard compress == nil else { return nil }
        index += 1
        compress = pieces.count
        continue
      }
      let start = index
      var value: UInt16 = 0
      while index < text.count, index < start + 4, text[index].isHexDigit, let digit = text[index].hexValue {
        value = value << 4 | UInt16(digit)
        index += 1
      }
      if index < text.count, text[index] == UInt8(ascii: ".") {
        guard pieces.count <= 6, let address = dottedDecimal(text.extracting(start..<text.count)) else { return nil }
        pieces += [UInt16(truncatingIfNeeded: address >> 16), UInt16(truncatingIfNeeded: address)]
        break
      }
      guard index > start else { return nil }
      if index < text.count {
        guard text[index] == UInt8(ascii: ":"), index + 1 < text.count else { return nil }
        index += 1
      }
      pieces.append(value)
    }
    guard let compress else { return pieces.count == 8 ? pieces : nil }
    guard pieces.count < 8 else { return nil }
    pieces.insert(contentsOf: repeatElement(0, count: 8 - pieces.count), at: compress)
    return pieces
  }

  /// Four numbers from 0 to 255 in decimal, without leading zeros.
  private static func dottedDecimal(_ text: Span<UInt8>) -> UInt32? {
    var address: UInt32 = 0
    var (numbers, index) = (0, 0)
    while index < text.count {
      if numbers > 0 {
        guard numbers < 4, text[index] == UInt8(ascii: ".") else { return nil }
        index += 1
      }
      let start = index
      var number: UInt32 = 0
      while index < text.count, index < start + 3, text[index].isDigit {
        number = number * 10 + UInt32(text[index] - UInt8(ascii: "0"))
        index += 1
      }
      guard index > start, number <= 255, index == start + 1 || text[start] != UInt8(ascii: "0") else { return nil }
      address = address << 8 | number
      numbers += 1
    }
    return numbers == 4 ? address : nil
  }

  private static func serialized(_ pieces: [UInt16]) -> String {
    // The longest run of zeros; the first of equally long ones.
    var longest = 0..<1
    var start = 0
    for end in 1...8 where end == 8 || pieces[end] != 0 || pieces[start] != 0 {
      if pieces[start] == 0, end - start > longest.count { longest = start..<end }
      start = end
    }
    func hex(_ range: Range<Int>) -> String { pieces[range].map { String($0, radix: 16) }.joined(separator: ":") }
    if longest.count < 2 { return hex(0..<8) }
    return hex(0..<longest.lowerBound) + "::" + hex(longest.upperBound..<8)
  }
}
