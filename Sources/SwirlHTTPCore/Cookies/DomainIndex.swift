/// The domains of a jar by the domains above them: those below one are found without looking at all.
///
/// A last label alone, such as `com`, is above half of a jar and has no cookies itself: nothing is kept for it.
struct DomainIndex {
  private var below: [String: Set<String>] = [:]

  mutating func insert(_ domain: String) {
    for above in Self.above(domain) { below[above, default: []].insert(domain) }
  }

  mutating func remove(_ domain: String) {
    for above in Self.above(domain) {
      below[above]?.remove(domain)
      if below[above]?.isEmpty == true { below[above] = nil }
    }
  }

  /// The inserted domains below this one; nil if there is no index of them.
  func domains(below domain: String) -> Set<String>? {
    Self.hasSeveralLabels(domain) ? below[domain] ?? [] : nil
  }

  private static func above(_ domain: String) -> some Sequence<String> {
    domain.domains.dropFirst().lazy.filter(hasSeveralLabels)
  }

  private static func hasSeveralLabels(_ domain: String) -> Bool { domain.utf8.contains(UInt8(ascii: ".")) }
}
