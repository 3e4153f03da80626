// Pieces of field values (RFC 9110 §5.6). They are compared by Unicode scalars, never by characters: a mark behind a
// quote or a comma would make another character of it, and a Greek question mark equals a semicolon.

extension StringProtocol {
  /// The parts between separators outside quoted strings (RFC 9110 §5.6.4).
  func split(outsideQuotes separator: Unicode.Scalar) -> [SubSequence] {
    var parts: [SubSequence] = []
    var start = startIndex
    var isQuoted = false
    var isEscaped = false
    for index in unicodeScalars.indices {
      let scalar = unicodeScalars[index]
      if isEscaped {
        isEscaped = false
      } else if isQuoted, scalar == "\\" {
        isEscaped = true
      } else if scalar == "\"" {
        isQuoted.toggle()
      } else if !isQuoted, scalar == separator {
        parts.append(self[start..<index])
        start = unicodeScalars.index(after: index)
      }
    }
    parts.append(self[start...])
    return parts
  }

  /// The elements of a list (RFC 9110 §5.6.1).
  var separatedOutsideQuotes: [SubSequence] { split(outsideQuotes: ",") }

  /// Without spaces and tabs at both ends.
  package var trimmedOfBlanks: SubSequence {
    var (start, end) = (startIndex, endIndex)
    while start < end, unicodeScalars[start].isBlank { start = unicodeScalars.index(after: start) }
    while start < end, case let last = unicodeScalars.index(before: end), unicodeScalars[last].isBlank { end = last }
    return self[start..<end]
  }
}

extension Substring.UnicodeScalarView {
  /// Removes the spaces and tabs at the beginning.
  mutating func skipBlanks() { self = drop(while: \.isBlank) }

  /// Removes a quoted string, which begins here, and returns its text (RFC 9110 §5.6.4); nil without a closing quote.
  mutating func takeQuotedString() -> String? {
    removeFirst()
    var text = String.UnicodeScalarView()
    while let scalar = popFirst() {
      switch scalar {
      case "\"": return String(text)
      case "\\":
        guard let escaped = popFirst() else { return nil }
        text.append(escaped)
      default: text.append(scalar)
      }
    }
    return nil
  }
}

extension Substring {
  /// Removes a quoted string. See above.
  mutating func takeQuotedString() -> String? {
    var scalars = unicodeScalars
    defer { self = Substring(scalars) }
    return scalars.takeQuotedString()
  }
}

extension Unicode.Scalar {
  fileprivate var isBlank: Bool { self == " " || self == "\t" }
}

extension Character {
  var isBlank: Bool { self == " " || self == "\t" }
}
