/// A URL that is written relative to another (RFC 3986 §5.2), as in a Location field.
package enum URLReference {
  /// The URL that `reference` means in something that was found at `base`; its fragment, or where it has none that of `base`, as
  /// RFC 9110 §10.2.2 says of redirects.
  package static func resolve(_ reference: String, against base: String) -> String {
    let reference = Parts(encoded(reference))
    let base = Parts(base)
    var result = Parts()
    if reference.scheme != nil {
      result = reference
      result.path = withoutDots(reference.path)
    } else {
      result.scheme = base.scheme
      result.query = reference.query
      if reference.authority != nil {
        result.authority = reference.authority
        result.path = withoutDots(reference.path)
      } else {
        result.authority = base.authority
        if reference.path.isEmpty {
          result.path = base.path
          result.query = reference.query ?? base.query
        } else if reference.path.hasPrefix("/") {
          result.path = withoutDots(reference.path)
        } else {
          result.path = withoutDots(merged(base, reference.path))
        }
      }
    }
    result.fragment = reference.fragment ?? base.fragment
    return result.text
  }

  /// RFC 3986 §5.2.3.
  private static func merged(_ base: Parts, _ path: String) -> String {
    if base.authority != nil, base.path.isEmpty { return "/" + path }
    guard let slash = base.path.lastIndex(of: "/") else { return path }
    return base.path[...slash] + path
  }

  /// RFC 3986 §5.2.4.
  private static func withoutDots(_ path: String) -> String {
    guard path.contains(".") else { return path }
    var output: [Substring] = []
    let segments = path.split(separator: "/", omittingEmptySubsequences: false)
    for (index, segment) in segments.enumerated() {
      let isLast = index == segments.count - 1
      switch segment {
      case ".": if isLast { output.append("") }
      case "..":
        // The first is what is before the first slash.
        if output.count > 1 { output.removeLast() }
        if isLast { output.append("") }
      default: output.append(segment)
      }
    }
    return output.joined(separator: "/")
  }

  /// A path with what follows it, which stays as it is.
  static func withoutDots(inPathOf target: String) -> String {
    guard let mark = target.firstIndex(of: "?") else { return withoutDots(target) }
    return withoutDots(String(target[..<mark])) + target[mark...]
  }

  /// What servers send all the same: spaces, and letters beyond ASCII, which are percent-encoded as browsers do.
  private static func encoded(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) else { return text }
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      if byte <= 0x20 || byte >= 0x7F { bytes.append(percentEncoding: byte) } else { bytes.append(byte) }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// RFC 3986 appendix B.
  private struct Parts {
    var scheme: String?
    var authority: String?
    var path = ""
    var query: String?
    var fragment: String?

    init() {}

    init(_ text: String) {
      var rest = Substring(text)
      if let hash = rest.firstIndex(of: "#") {
        fragment = String(rest[rest.index(after: hash)...])
        rest = rest[..<hash]
      }
      if let mark = rest.firstIndex(of: "?") {
        query = String(rest[rest.index(after: mark)...])
        rest = rest[..<mark]
      }
      if let colon = rest.firstIndex(of: ":"), colon > rest.startIndex, !rest[..<colon].contains("/") {
        scheme = String(rest[..<colon])
        rest = rest[rest.index(after: colon)...]
      }
      if rest.hasPrefix("//") {
        rest = rest.dropFirst(2)
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        authority = String(rest[..<end])
        rest = rest[end...]
      }
      path = String(rest)
    }

    /// RFC 3986 §5.3.
    var text: String {
      var text = ""
      if let scheme { text += scheme + ":" }
      if let authority { text += "//" + authority }
      text += path
      if let query { text += "?" + query }
      if let fragment { text += "#" + fragment }
      return text
    }
  }
}
