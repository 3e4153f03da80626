/// What one proxy says of a request, in the field Forwarded (RFC 7239 §4).
package struct ForwardedElement: Equatable {
  /// The parameters by name in lower case: `for`, `by`, `host`, `proto`, and extensions.
  package var parameters: [String: String] = [:]

  /// The elements of one field's value, in order: the last is of the nearest proxy. nil if it is malformed, such as by
  /// a quote that a client left open.
  package static func parse(_ value: String) -> [ForwardedElement]? {
    var elements: [ForwardedElement] = []
    var element = ForwardedElement()
    // By scalars: see `String+FieldValue`.
    var rest = value.unicodeScalars[...]
    while true {
      rest.skipBlanks()
      guard let first = rest.first else { break }
      if first == "," || first == ";" {
        if first == ",", !element.parameters.isEmpty {
          elements.append(element)
          element = ForwardedElement()
        }
        rest = rest.dropFirst()
        continue
      }
      let name = rest.prefix { $0 != "=" }
      rest = rest[name.endIndex...].dropFirst()
      let key = String(name)
      guard !key.isEmpty, key.utf8.allSatisfy(\.isToken), let value = takeValue(&rest) else { return nil }
      // A parameter must not occur twice in an element.
      guard element.parameters.updateValue(value, forKey: key.lowercased()) == nil else { return nil }
      rest.skipBlanks()
      guard rest.isEmpty || rest.first == "," || rest.first == ";" else { return nil }
    }
    if !element.parameters.isEmpty { elements.append(element) }
    return elements
  }

  /// A token or a quoted string (RFC 9110 §5.6.2, §5.6.4).
  private static func takeValue(_ rest: inout Substring.UnicodeScalarView) -> String? {
    if rest.first == "\"" { return rest.takeQuotedString() }
    let scalars = rest.prefix { $0 != "," && $0 != ";" && $0 != " " && $0 != "\t" }
    rest = rest[scalars.endIndex...]
    let token = String(scalars)
    // Wider than a token: an address with a port is often sent without quotes.
    let isValid = token.utf8.allSatisfy { $0.isToken || ":[]".utf8.contains($0) }
    return token.isEmpty || !isValid ? nil : token
  }
}

/// An address that a field names: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`
/// (RFC 7239 §6, and what proxies write in X-Forwarded-For).
package struct ForwardedNode: Equatable {
  package let host: String
  /// Zero if it is not named.
  package let port: Int

  /// nil for another form, such as `unknown` and `_hidden`. Whether the host is an address is not checked.
  package init?(_ text: some StringProtocol) {
    let text = String(text)
    var port = Substring()
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = String(text[text.index(after: text.startIndex)..<end])
      let rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.first == ":" && rest.count > 1, host.contains(":") else { return nil }
      port = rest.dropFirst()
    } else if text.split(separator: ":", omittingEmptySubsequences: false).count == 2 {
      let colon = text.firstIndex(of: ":")!
      host = String(text[..<colon])
      port = text[text.index(after: colon)...]
      guard !port.isEmpty else { return nil }
    } else {
      host = text
    }
    guard port.utf8.allSatisfy(\.isDigit), port.utf8.count <= 5, let number = port.isEmpty ? 0 : Int(port),
      number <= 65_535
    else { return nil }
    self.port = number
  }
}
