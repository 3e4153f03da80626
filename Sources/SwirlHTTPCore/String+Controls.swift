extension String {
  /// With control characters as `\u{1B}`: for logs and terminals, where what a peer sends must not give orders.
  package func escapingControls(but kept: String = "") -> String {
    // Those of ASCII, and those behind it, which have 0xC2 as their first byte.
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
