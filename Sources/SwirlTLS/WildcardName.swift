/// A certificate's name that begins with `*.` and matches all names with one label in place of the star (RFC 9525
/// §6.3).
struct WildcardName {
  /// The part after the star, with its dot, in lower case.
  private let rest: [UInt8]

  /// nil for another form, and for a wildcard directly below a top-level domain.
  init?(_ name: [UInt8]) {
    guard name.starts(with: "*.".utf8), !name.dropFirst().contains(UInt8(ascii: "*")) else { return nil }
    rest = name.dropFirst().map(Self.lowercase)
    guard rest.dropFirst().dropLast().contains(UInt8(ascii: ".")), rest.last != UInt8(ascii: ".") else { return nil }
  }

  /// Whether it matches `host`: the star matches one whole label of letters, digits, hyphens and underscores.
  func matches(_ host: String) -> Bool {
    let host = host.utf8.map(Self.lowercase)
    guard let dot = host.firstIndex(of: UInt8(ascii: ".")), dot > 0, host[dot...].elementsEqual(rest) else {
      return false
    }
    return host[..<dot].allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
      default: byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      }
    }
  }

  private static func lowercase(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
