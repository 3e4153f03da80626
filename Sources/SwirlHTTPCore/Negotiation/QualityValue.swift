/// The weight of a preference, `0.5` (RFC 9110 §12.4.2).
enum QualityValue {
  /// In thousandths; nil for another form.
  static func parse(_ text: some Collection<UInt8>) -> Int? {
    var digits = text[...]
    guard let whole = digits.popFirst(), whole == UInt8(ascii: "0") || whole == UInt8(ascii: "1"), digits.count <= 4,
      digits.isEmpty || digits.popFirst() == .dot, digits.allSatisfy(\.isDigit)
    else { return nil }
    var value = Int(whole - UInt8(ascii: "0"))
    for _ in 0..<3 { value = value * 10 + (digits.popFirst().map { Int($0 - UInt8(ascii: "0")) } ?? 0) }
    return value <= 1000 ? value : nil
  }
}
