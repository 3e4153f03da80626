// Pieces of field values (RFC 9110 §5.6).

extension StringProtocol {
  /// The parts between separators outside quoted strings (RFC 9110 §5.6.4).
  func split(outsideQuotes separator: Character) -> [SubSequence] {
    var parts: [SubSequence] = []
    var start = startIndex
    var isQuoted = false
    var isEscaped = false
    for index in indices {
      let character = self[index]
      if isEscaped {
        isEscaped = false
      } else if isQuoted, character == "\\" {
        isEscaped = true
      } else if character == "\"" {
        isQuoted.toggle()
      } else if !isQuoted, character == separator {
        parts.append(self[start..<index])
        start = self.index(after: index)
      }
    }
    parts.append(self[start...])
    return parts
  }

  /// The elements of a list (RFC 9110 §5.6.1).
  var separatedOutsideQuotes: [SubSequence] { split(outsideQuotes: ",") }

  /// Without spaces and tabs at both ends.
  package var trimmedOfBlanks: SubSequence {
    var rest = self[...]
    while rest.first?.isBlank == true { rest.removeFirst() }
    while rest.last?.isBlank == true { rest.removeLast() }
    return rest
  }
}

extension Substring {
  /// Removes the spaces and tabs at the beginning.
  mutating func skipBlanks() { self = drop(while: \.isBlank) }

  /// Removes a quoted string, which begins here, and returns its text (RFC 9110 §5.6.4); nil without a closing quote.
  mutating func takeQuotedString() -> String? {
    removeFirst()
    var text = ""
    while let character = popFirst() {
      switch character {
      case "\"": return text
      case "\\":
        guard let escaped = popFirst() else { return nil }
        text.append(escaped)
      default: text.append(character)
      }
    }
    return nil
  }
}

extension Character {
  var isBlank: Bool { self == " " || self == "\t" }
}
