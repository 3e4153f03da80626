// Which hosts and paths a cookie goes to (RFC 6265bis §5.1.3 and §5.1.4). Everything is compared byte by byte: to Swift two
// strings are equal when they look the same, and to a server they are two.

extension String {
  // Strings with the same bytes are equal, and that is asked faster.
  package func hasSameBytes(as other: String) -> Bool { self == other && utf8.elementsEqual(other.utf8) }

  /// Whether this host is `domain`, or a name below it.
  package func domainMatches(_ domain: String) -> Bool {
    let above = domain.utf8.count
    guard utf8.count > above else { return hasSameBytes(as: domain) }
    return !isAddress && utf8.suffix(above).elementsEqual(domain.utf8) && utf8.dropLast(above).last == UInt8(ascii: ".")
  }

  /// Whether this host is an IP address, above which there are no domains. As browsers see it: anything that ends in a number
  /// is one, whatever a resolver makes of it (WHATWG URL §3.5).
  package var isAddress: Bool {
    if utf8.first == UInt8(ascii: "[") { return true }
    let name = utf8.last == UInt8(ascii: ".") ? utf8.dropLast() : utf8[...]
    let label = name.lastIndex(of: UInt8(ascii: ".")).map { name[name.index(after: $0)...] } ?? name
    if label.starts(with: "0x".utf8) { return label.dropFirst(2).allSatisfy(\.isHexDigit) }
    return !label.isEmpty && label.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
  }

  /// Whether a request for this path gets cookies of `path`.
  func pathMatches(_ path: String) -> Bool {
    guard utf8.starts(with: path.utf8) else { return false }
    return utf8.count == path.utf8.count || path.utf8.last == UInt8(ascii: "/")
      || utf8.dropFirst(path.utf8.count).first == UInt8(ascii: "/")
  }

  /// This host and the domains above it, the nearest first.
  var domains: [String] {
    if isAddress { return [self] }
    var found = [self]
    var rest = self[...]
    while let dot = rest.utf8.firstIndex(of: UInt8(ascii: ".")) {
      rest = rest[rest.utf8.index(after: dot)...]
      if !rest.isEmpty { found.append(String(rest)) }
    }
    return found
  }
}

extension Sequence<UInt8> {
  /// The text with the letters of ASCII in lower case, and all others as they are.
  var lowercasedText: String {
    String(decoding: map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }, as: UTF8.self)
  }
}
