package import HTTPTypes

/// The directives of a Cache-Control field (RFC 9111 §5.2), as far as they are well-formed: it skips a malformed one up
/// to the next comma.
package struct CacheControl: Sendable {
  /// By name in lower case; the argument without its quotes. The first of repeated directives counts (§4.2.1).
  private var directives: [String: String?] = [:]

  package init() {}

  /// The directives of all fields of the name, in order.
  package init(_ fields: HTTPFields) {
    for value in fields[values: .cacheControl] {
      for directive in value.separatedOutsideQuotes { add(directive) }
    }
    let pragma = HTTPField.Name("Pragma")!
    // RFC 9111 §5.4: the HTTP/1.0 form of no-cache.
    if !fields.contains(.cacheControl),
      fields[values: pragma].flatMap(\.separatedOutsideQuotes)
        .contains(where: { $0.trimmedOfBlanks.lowercased() == "no-cache" })
    {
      directives["no-cache"] = .some(nil)
    }
  }

  private mutating func add(_ text: Substring) {
    let directive = text.trimmedOfBlanks
    guard let equals = directive.firstIndex(of: "=") else {
      if !directive.isEmpty { insert(directive.lowercased(), nil) }
      return
    }
    let name = directive[..<equals]
    let value = directive[directive.index(after: equals)...]
    // Blanks around the sign are malformed: the directive counts, but its argument is unknown.
    let isClean = name.last?.isBlank != true && value.first?.isBlank != true
    insert(name.trimmedOfBlanks.lowercased(), isClean ? value.unquoted : "")
  }

  private mutating func insert(_ name: String, _ value: String?) {
    if directives[name] == nil { directives[name] = .some(value) }
  }

  /// Whether the directive is present, with or without an argument.
  package func has(_ name: String) -> Bool { directives[name] != nil }

  /// The argument of a directive, if it has one.
  func argument(_ name: String) -> String? { directives[name] ?? nil }

  /// The seconds of a directive; nil without the directive or without a valid number.
  package func seconds(_ name: String) -> Int? { argument(name).flatMap { DeltaSeconds.parse($0) } }
}

/// A number of seconds in a field (RFC 9111 §1.2.2).
package enum DeltaSeconds {
  /// The maximum, which stands for every larger number: 68 years.
  package static let most = 1 << 31

  /// nil for anything but digits.
  package static func parse(_ text: some StringProtocol) -> Int? {
    var number = 0
    for byte in text.utf8 {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      number = min(most, number * 10 + Int(byte - UInt8(ascii: "0")))
    }
    return text.isEmpty ? nil : number
  }
}

extension StringProtocol {
  /// Without surrounding quotes, if any (RFC 9110 §5.6.4).
  fileprivate var unquoted: String {
    guard count >= 2, first == "\"", last == "\"" else { return String(self) }
    var text = ""
    var isEscaped = false
    for character in dropFirst().dropLast() {
      if character == "\\", !isEscaped {
        isEscaped = true
      } else {
        text.append(character)
        isEscaped = false
      }
    }
    return text
  }
}
