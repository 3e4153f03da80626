/// An Accept field: media ranges with weights (RFC 9110 §12.5.1).
///
/// An element that is malformed is ignored; without any other, all types are equally good.
package struct AcceptList: Sendable {
  struct Range: Sendable {
    /// In lower case; `*` for all.
    let type: String
    let subtype: String
    /// In lower case, sorted, without the weight.
    let parameters: [String]
    /// In thousandths.
    let weight: Int

    /// How exact it is: a more exact range comes before others (RFC 9110 §12.5.1); nil if it does not match.
    func exactness(for offer: Range) -> Int? {
      if type == "*" { return 0 }
      guard type == offer.type else { return nil }
      if subtype == "*" { return 1 }
      guard subtype == offer.subtype, parameters.allSatisfy(offer.parameters.contains) else { return nil }
      return 2 + parameters.count
    }
  }

  let ranges: [Range]

  package init(_ field: String) {
    ranges = field.separatedOutsideQuotes.compactMap { Range($0) }
  }

  /// The offer with the greatest weight, the first of several; nil without an acceptable one.
  package func best(of offers: [String]) -> String? {
    var best: (offer: String, weight: Int)?
    for offer in offers {
      let weight = weight(of: offer)
      if weight > best?.weight ?? 0 { best = (offer, weight) }
    }
    return best?.offer
  }

  /// Zero if it is not acceptable.
  func weight(of offer: String) -> Int {
    if ranges.isEmpty { return 1000 }
    guard let offer = Range(offer[...]) else { return 0 }
    var best = (exactness: -1, weight: 0)
    for range in ranges {
      guard let exactness = range.exactness(for: offer), exactness >= best.exactness else { continue }
      // Of two that are equally exact the better one.
      best = (exactness, exactness == best.exactness ? max(best.weight, range.weight) : range.weight)
    }
    return best.weight
  }
}

extension AcceptList.Range {
  /// nil for malformed text.
  init?(_ text: Substring) {
    let parts = text.split(outsideQuotes: ";").map(\.trimmedOfBlanks)
    let names = (parts.first ?? "").split(separator: "/", omittingEmptySubsequences: false)
    guard names.count == 2, names.allSatisfy(\.isToken), names[0] != "*" || names[1] == "*" else { return nil }
    var weight = 1000
    var parameters: [String] = []
    for part in parts.dropFirst() where !part.isEmpty {
      guard let equals = part.firstIndex(of: "="), part[..<equals].isToken else { return nil }
      let name = part[..<equals].lowercased()
      let value = part[part.index(after: equals)...]
      if name == "q" {
        guard let given = QualityValue.parse(value.utf8) else { return nil }
        weight = given
        // What follows belongs to the weight (RFC 7231 §5.3.2), and RFC 9110 has dropped it.
        break
      }
      parameters.append("\(name)=\(value.filter { $0 != "\"" && $0 != "\\" }.lowercased())")
    }
    type = names[0].lowercased()
    subtype = names[1].lowercased()
    self.parameters = parameters.sorted()
    self.weight = weight
  }
}

extension StringProtocol {
  fileprivate var isToken: Bool { !isEmpty && utf8.allSatisfy(\.isToken) }
}
