/// The codings that a client accepts (RFC 9110 §12.5.3).
package struct AcceptEncoding {
  /// Per thousand, by the name in lower case.
  private var qualities: [(name: String, quality: Int)] = []
  private var wildcard: Int?

  package init(_ head: RequestHead) { self.init(head.raw.list("accept-encoding") ?? "") }

  /// Without the field nothing is known of what the client decodes: as with an empty one, identity is all that it gets.
  package init(_ field: String) {
    for element in field.utf8.split(separator: .comma) {
      let parts = element.split(separator: .semicolon, omittingEmptySubsequences: false)
      var name = parts[0]
      name.trimBlanks()
      guard !name.isEmpty, let quality = Self.quality(parts.dropFirst()) else { continue }
      let text = Substring(name).lowercased()
      switch text {
      case "*": wildcard = quality
      case "x-gzip": qualities.append(("gzip", quality))
      default: qualities.append((text, quality))
      }
    }
  }

  /// nil if the weight is invalid.
  private static func quality(_ parameters: ArraySlice<Substring.UTF8View>) -> Int? {
    for parameter in parameters {
      var parameter = parameter
      parameter.trimBlanks()
      guard parameter.first.map({ $0 | 0x20 }) == UInt8(ascii: "q"), parameter.dropFirst().first == UInt8(ascii: "=")
      else { continue }
      return QualityValue.parse(parameter.dropFirst(2))
    }
    return 1000
  }

  /// The weight of a coding, per thousand; nil if the client has not named it.
  private func quality(of name: String) -> Int? { qualities.first { $0.name == name }?.quality ?? wildcard }

  /// Whether the client takes content without a coding.
  package var acceptsIdentity: Bool { quality(of: "identity") != 0 }

  /// The best of `codings`, which are in the order of the server's preference; nil if it accepts no coding of them,
  /// or prefers content without one.
  package func best(of codings: some Sequence<String>) -> String? { accepted(codings).first }

  /// Those of `codings` that the client accepts, the best first.
  package func accepted(_ codings: some Sequence<String>) -> [String] {
    if qualities.isEmpty && wildcard == nil { return [] }
    // A client that names identity with a weight compares; one that does not prefers its codings.
    let least = qualities.first { $0.name == "identity" }?.quality ?? 0
    let accepted = codings.enumerated().compactMap { index, name in
      quality(of: name).flatMap { $0 > 0 && $0 >= least ? (index: index, name: name, quality: $0) : nil }
    }
    return accepted.sorted { ($1.quality, $0.index) < ($0.quality, $1.index) }.map(\.name)
  }
}
