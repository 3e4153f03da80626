extension RoutePattern {
  /// The path of this pattern with values in place of its parameters, percent-encoded.
  ///
  /// - Throws: for a missing value, a value without a parameter, and a value that would be another path: an empty one,
  ///   `.` or `..`, and of `/{path*}` one that begins with a slash.
  package func path(_ values: [String: String]) throws(RoutePatternError) -> String {
    let names = parameterNames
    if let unknown = values.keys.sorted().first(where: { !names.contains($0) }) {
      throw RoutePatternError(text, "it has no parameter {\(unknown)}")
    }
    var path = ""
    for segment in segments {
      path += "/"
      switch segment {
      case .literal(let bytes): path += Self.encoded(bytes.span)
      case .parameter(let name):
        let value = try value(of: name, in: values)
        try check(value[...], of: name)
        path += value.queryEncoded
      case .rest(let name):
        let value = try value(of: name, in: values)
        let parts = value.split(separator: "/", omittingEmptySubsequences: false)
        for part in parts where part == "." || part == ".." { try check(part, of: name) }
        // Two slashes at the beginning of a URL are followed by a host (RFC 3986 §4.2).
        if path == "/", parts.count > 1, parts[0].isEmpty {
          throw RoutePatternError(
            text, "\"\(value)\" can't be the value of {\(name)}: its URL would name another server")
        }
        path += parts.map { String($0).queryEncoded }.joined(separator: "/")
      }
    }
    return path
  }

  private func value(of name: String, in values: [String: String]) throws(RoutePatternError) -> String {
    guard let value = values[name] else { throw RoutePatternError(text, "the value of {\(name)} is missing") }
    return value
  }

  private func check(_ value: Substring, of name: String) throws(RoutePatternError) {
    if value.isEmpty || value == "." || value == ".." {
      throw RoutePatternError(text, "\"\(value)\" can't be the value of {\(name)}: its URL would be another one")
    }
  }

  /// A canonical literal as it stands in a URL: its percent signs are those of encoded bytes.
  private static func encoded(_ literal: Span<UInt8>) -> String {
    var bytes: [UInt8] = []
    for index in 0..<literal.count {
      let byte = literal[index]
      if byte.isPathCharacter { bytes.append(byte) } else { bytes.append(percentEncoding: byte) }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension UInt8 {
  /// `pchar` and the percent sign (RFC 3986 §3.3).
  fileprivate var isPathCharacter: Bool {
    if isUnreserved { return true }
    switch self {
    case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("),
      UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"),
      UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: "@"), .percent:
      return true
    default: return false
    }
  }
}
