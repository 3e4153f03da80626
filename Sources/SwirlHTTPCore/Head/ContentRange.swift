/// The value of a Content-Range field in bytes (RFC 9110 §14.4).
package struct ContentRange: Equatable {
  /// nil if the server cannot satisfy the range: `bytes */10`.
  package let positions: Range<Int>?
  /// nil if the server does not know the total length: `bytes 0-4/*`.
  package let total: Int?

  /// nil for other units, contradictory positions, and numbers beyond any file size.
  package init?(_ value: String) {
    let words = value.split(separator: " ")
    guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
    let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    total = Self.number(parts[1])
    guard total != nil || parts[1] == "*" else { return nil }
    if parts[0] == "*" {
      positions = nil
      if total == nil { return nil }
      return
    }
    let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]), first <= last,
      last < total ?? .max
    else { return nil }
    positions = first..<last + 1
  }

  /// Digits only: `Int` would accept a sign.
  private static func number(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
  }
}
