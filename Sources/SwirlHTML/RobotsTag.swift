/// The robots directives of a page or its `X-Robots-Tag` fields, as the large search engines read them; no standard
/// defines them.
enum RobotsTag {
  /// The directives for `agent`, in lower case, without their values: those for all robots, and those behind its name.
  ///
  /// - Parameter agent: a product token in lower case; nil for the directives for all robots alone.
  static func directives(in values: [String], for agent: String?) -> Set<String> {
    var directives: Set<String> = []
    for value in values {
      // A name applies to the directives that follow it in the same field: `otherbot: noindex, nofollow`.
      var isMeant = true
      for part in value.lowercased().split(whereSeparator: { $0 == "," || $0 == ";" }) {
        var words = part[...]
        if let colon = part.firstIndex(of: ":") {
          let name = part[..<colon].filter { !$0.isWhitespace }
          if valued.contains(name) {
            if isMeant { directives.insert(name) }
            continue
          }
          // The time in an unavailable_after date has colons, too.
          guard name.allSatisfy({ $0.isLetter || $0 == "-" || $0 == "_" || $0 == "*" }) else { continue }
          isMeant = name == "*" || name == agent
          words = part[part.index(after: colon)...]
        }
        if isMeant { directives.formUnion(words.split(whereSeparator: \.isWhitespace).map(String.init)) }
      }
    }
    return directives
  }

  private static let valued: Set<String> = [
    "unavailable_after", "max-snippet", "max-image-preview", "max-video-preview",
  ]
}
