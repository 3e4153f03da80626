extension RoutePattern {
  static func parse(_ text: String) throws(RoutePatternError) -> [Segment] {
    guard text.utf8.first == .slash else { throw RoutePatternError(text, "it does not begin with a slash") }
    if let other = text.first(where: { $0 == "?" || $0 == "#" }) {
      throw RoutePatternError(text, "a route has no query and no fragment, and here is \"\(other)\"")
    }
    let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    var segments: [Segment] = []
    for (index, part) in parts.enumerated() {
      let isLast = index == parts.count - 1
      if part.isEmpty, !isLast { throw RoutePatternError(text, "it has two slashes in a row") }
      let segment = try segment(part, of: text)
      if case .rest(let name) = segment, !isLast {
        throw RoutePatternError(text, "{\(name)*} takes the rest of the path, and is not its last segment")
      }
      segments.append(segment)
    }
    return segments
  }

  private static func segment(_ part: Substring, of text: String) throws(RoutePatternError) -> Segment {
    if part == "." || part == ".." {
      throw RoutePatternError(text, "clients resolve \"\(part)\" before they send a path")
    }
    if let better = spelling(of: part) {
      throw RoutePatternError(text, "\"\(part)\" is written \(better) here")
    }
    guard part.contains(where: { $0 == "{" || $0 == "}" }) else { return .literal(try literal(part, of: text)) }
    guard part.first == "{", part.last == "}", part.dropFirst().dropLast().allSatisfy({ $0 != "{" && $0 != "}" }) else {
      throw RoutePatternError(text, "a parameter is a whole segment, as in /files/{name}; \"\(part)\" is not")
    }
    var name = part.dropFirst().dropLast()
    let isRest = name.last == "*"
    if isRest { name.removeLast() }
    guard isName(name) else {
      throw RoutePatternError(
        text, "\"\(part)\" has no name of letters, digits, \"_\" and \"-\": {id}, or {path*} for the rest of the path")
    }
    return isRest ? .rest(String(name)) : .parameter(String(name))
  }

  private static func literal(_ part: Substring, of text: String) throws(RoutePatternError) -> [UInt8] {
    guard String(part).percentDecoded != nil else {
      throw RoutePatternError(
        text, "\"\(part)\" has a percent sign without two hexadecimal digits: a percent sign itself is %25")
    }
    return canonical(part.utf8.span)
  }

  private static func isName(_ name: Substring) -> Bool {
    !name.isEmpty && name.utf8.allSatisfy { $0.isAlpha || $0.isDigit || $0 == UInt8(ascii: "_") || $0 == .hyphen }
  }

  /// How a parameter of another library (Express, Hummingbird, Go, Flask) is written here; nil for other text.
  private static func spelling(of part: Substring) -> String? {
    if part == "*" || part == "**" { return "{path*}" }
    if part.first == ":", isName(part.dropFirst()) { return "{\(part.dropFirst())}" }
    if part.first == "*", isName(part.dropFirst()) { return "{\(part.dropFirst())*}" }
    if part.first == "{", part.hasSuffix("...}"), isName(part.dropFirst().dropLast(4)) {
      return "{\(part.dropFirst().dropLast(4))*}"
    }
    if part.first == "<", part.last == ">" {
      let words = part.dropFirst().dropLast().split(separator: ":")
      guard let name = words.last, isName(name) else { return nil }
      return words.first == "path" ? "{\(name)*}" : "{\(name)}"
    }
    return nil
  }
}
