extension Substring {
  /// Without the blanks at both ends (OWS, RFC 9110 §5.6.3).
  var trimmed: Substring {
    let start = trimmedStart
    guard let last = start.utf8.lastIndex(where: { !Self.blanks.contains($0) }) else { return "" }
    return start[...last]
  }

  /// Without the blanks before it.
  var trimmedStart: Substring {
    guard let first = utf8.firstIndex(where: { !Self.blanks.contains($0) }) else { return "" }
    return self[first...]
  }

  private static let blanks: [UInt8] = [0x20, 0x09]
}
