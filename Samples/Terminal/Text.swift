import Swirl

extension String {
  /// Another spelling of control characters: text of a server must give no orders to a terminal.
  package func escapingControls(
    except kept: String = "", _ escaped: (Unicode.Scalar) -> String = { $0.escaped(asASCII: true) }
  ) -> String {
    func isOrder(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.generalCategory == .control && !kept.unicodeScalars.contains(scalar)
    }
    return unicodeScalars.contains(where: isOrder)
      ? unicodeScalars.map { isOrder($0) ? escaped($0) : String($0) }.joined() : self
  }

  /// The number of columns on a terminal.
  package var width: Int { reduce(0) { $0 + $1.width } }

  /// As much as has room in `columns`, with an ellipsis in place of the rest.
  package func cut(to columns: Int) -> String {
    if width <= columns { return self }
    var (kept, used) = ("", 0)
    for character in self {
      if used + character.width > columns - 1 { break }
      kept.append(character)
      used += character.width
    }
    return columns < 1 ? "" : kept + "…"
  }

  /// With blanks behind it up to a width.
  package func padded(to columns: Int) -> String { self + String(repeating: " ", count: max(0, columns - width)) }

  /// With blanks before it up to a width.
  package func indented(to columns: Int) -> String { String(repeating: " ", count: max(0, columns - width)) + self }
}

extension Character {
  /// Two columns for East Asian wide characters and emoji (Unicode Standard Annex 11), otherwise one.
  fileprivate var width: Int {
    guard let first = unicodeScalars.first else { return 0 }
    if first.properties.isEmojiPresentation { return 2 }
    switch first.value {
    case 0x300..<0x370: return 0
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }
}
