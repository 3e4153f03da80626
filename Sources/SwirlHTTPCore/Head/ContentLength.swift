/// The number in a Content-Length field (RFC 9110 §8.6): digits and nothing else, no sign, no blank, no list.
enum ContentLength {
  /// Nil if it is not a number or does not fit an Int.
  static func parse(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
    guard !range.isEmpty else { return nil }
    var length = 0
    for index in range {
      guard bytes[index].isDigit else { return nil }
      let (product, tooBig) = length.multipliedReportingOverflow(by: 10)
      let (sum, tooBigToo) = product.addingReportingOverflow(Int(bytes[index] - UInt8(ascii: "0")))
      if tooBig || tooBigToo { return nil }
      length = sum
    }
    return length
  }
}
