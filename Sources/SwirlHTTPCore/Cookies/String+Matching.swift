// Matches hosts and paths of cookies (RFC 6265bis §5.1.3 and §5.1.4). Compares bytes: Swift treats canonically
// equivalent strings as equal, but a server treats them as different.

extension String {
  // Equal bytes imply equal strings, and the string comparison is faster: do it first.
  package func hasSameBytes(as other: String) -> Bool { self == other && utf8.elementsEqual(other.utf8) }

  /// Whether this host is `domain` or a subdomain of it.
  package func domainMatches(_ domain: String) -> Bool {
    let above = domain.utf8.count
    guard utf8.count > above else { return hasSameBytes(as: domain) }
    return !isAddress && utf8.suffix(above).elementsEqual(domain.utf8) && utf8.dropLast(above).last == UInt8(ascii: ".")
  }

  /// Whether this host is an IP address, which has no parent domains. By the browsers' rule, anything that ends in a
  /// number is an address, even if a resolver would accept it as a name (WHATWG URL §3.5).
  package var isAddress: Bool {
    if utf8.first == UInt8(ascii: "[") { return true }
    let name = utf8.last == UInt8(ascii: ".") ? utf8.dropLast() : utf8[...]
    let label = name.lastIndex(of: UInt8(ascii: ".")).map { name[name.index(after: $0)...] } ?? name
    if label.starts(with: "0x".utf8) { return label.dropFirst(2).allSatisfy(\.isHexDigit) }
    return !label.isEmpty && label.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
  }

  /// Whether a request for this path sends cookies of `path`.
  func pathMatches(_ path: String) -> Bool {
    guard utf8.starts(with: path.utf8) else { return false }
    return utf8.count == path.utf8.count || path.utf8.last == UInt8(ascii: "/")
      || utf8.dropFirst(path.utf8.count).first == UInt8(ascii: "/")
  }

  /// This host and its parent domains, nearest first.
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
  /// The text with ASCII letters in lower case, all others unchanged.
  var lowercasedText: String {
    String(decoding: map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }, as: UTF8.self)
  }
}
