/// The parts of a representation that a Range field selects (RFC 9110 §14.1.2, §14.2).
package enum RangeSelection: Equatable {
  /// The field is to be ignored: another unit, malformed, or too many ranges to be of use.
  case whole
  /// One range or more. They don't overlap.
  case parts([Range<Int>])
  /// No range lies within the representation: 416.
  case unsatisfiable

  /// More ranges than this are ignored: a client that wants so many parts gets the whole (RFC 9110 §14.2).
  private static let maximumCount = 64
  /// What a part of a multipart costs, about: parts with a smaller gap between them are sent as one (RFC 9110
  /// §15.3.7.2).
  private static let partCost = 80

  /// - Parameters:
  ///   - field: the value of Range.
  ///   - length: that of the representation.
  package init(_ field: String, length: Int) {
    // Some clients add `bytes=0-` to all requests: an empty representation is all there is of it.
    guard length > 0, let specifications = Self.specifications(field) else {
      self = .whole
      return
    }
    var parts: [Range<Int>] = []
    for specification in specifications {
      switch specification {
      case .from(let first, let last):
        if first < length { parts.append(first..<min(last, length - 1) + 1) }
      case .last(let count):
        if count > 0 { parts.append(length - min(count, length)..<length) }
      }
    }
    self = parts.isEmpty ? .unsatisfiable : .parts(Self.coalesced(parts))
  }

  private enum Specification {
    /// Both are inclusive.
    case from(Int, to: Int)
    case last(Int)
  }

  /// nil if the field is to be ignored.
  private static func specifications(_ field: String) -> [Specification]? {
    let sides = field.utf8.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
    guard sides.count == 2, Substring(sides[0]).lowercased() == "bytes" else { return nil }
    var list: [Specification] = []
    for element in sides[1].split(separator: .comma) {
      var element = element
      element.trimBlanks()
      if element.isEmpty { continue }
      guard list.count < maximumCount, let hyphen = element.firstIndex(of: .hyphen) else { return nil }
      let (first, last) = (element[..<hyphen], element[element.index(after: hyphen)...])
      if first.isEmpty {
        guard let count = number(last) else { return nil }
        list.append(.last(count))
      } else {
        guard let from = number(first), let to = last.isEmpty ? .max - 1 : number(last), from <= to else { return nil }
        list.append(.from(from, to: to))
      }
    }
    return list.isEmpty ? nil : list
  }

  /// A number beyond any length is as good as the greatest. nil for anything but digits.
  private static func number(_ digits: Substring.UTF8View) -> Int? {
    guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else { return nil }
    return min(Int(Substring(digits)) ?? .max, .max - 1)
  }

  /// In the order of the request; by position if some of them overlap or nearly touch, which are joined.
  private static func coalesced(_ parts: [Range<Int>]) -> [Range<Int>] {
    var joined: [Range<Int>] = []
    for part in parts.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = joined.last, part.lowerBound - partCost <= last.upperBound {
        joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, part.upperBound)
      } else {
        joined.append(part)
      }
    }
    return joined.count == parts.count ? parts : joined
  }
}
