extension String {
  /// Escapes control characters as `\u{1B}`: for logs and terminals, on which a peer's text must not act.
  package func escapingControls(but kept: String = "") -> String {
    // ASCII controls, and the C1 controls, whose first byte in UTF-8 is 0xC2.
    guard utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0xC2 }) else { return self }
    var text = ""
    for scalar in unicodeScalars {
      if scalar.properties.generalCategory == .control, !kept.unicodeScalars.contains(scalar) {
        text += scalar.escaped(asASCII: true)
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
