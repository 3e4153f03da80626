/// The host of a URL (WHATWG URL §3.5).
package enum URLHost {
  /// The canonical form of a non-empty host: a name in ASCII and lower case, an IPv4 address as four numbers, or an
  /// IPv6 address in brackets.
  package static func canonical(_ text: Span<UInt8>) throws(HTTPURL.Malformed) -> String {
    if text[0] == UInt8(ascii: "[") {
      guard text[text.count - 1] == UInt8(ascii: "]"),
        let address = IPv6Text.canonical(text.extracting(1..<text.count - 1))
      else { throw notAHost(text) }
      return address
    }
    guard (0..<text.count).contains(where: { text[$0] >= 0x80 || text[$0] == UInt8(ascii: "%") }) else {
      return try canonicalASCII(text)
    }
    let decoded = text.percentDecoded
    guard decoded.contains(where: { $0 >= 0x80 }) else { return try canonicalASCII(decoded.span) }
    // libidn2 would stop at a NUL.
    guard !decoded.contains(0), let name = String(validating: decoded, as: UTF8.self) else { throw notAHost(text) }
    switch IDNA.ascii(name) {
    case .success(let ascii) where !ascii.isEmpty: return try canonicalASCII(ascii.utf8.span)
    case .success: throw HTTPURL.Malformed("the URL has no host")
    case .failure(let problem):
      throw HTTPURL.Malformed("\(String(copying: text)) is not a host name: \(problem.reason)")
    }
  }

  private static func canonicalASCII(_ text: Span<UInt8>) throws(HTTPURL.Malformed) -> String {
    guard text.indices.allSatisfy({ !text[$0].isForbiddenInDomains }) else { throw notAHost(text) }
    guard IPv4Text.endsInNumber(text) else { return String(lowercasing: text) }
    guard let address = IPv4Text.canonical(text) else { throw notAHost(text) }
    return address
  }

  private static func notAHost(_ text: Span<UInt8>) -> HTTPURL.Malformed {
    let hasBlank = text.indices.contains { text[$0] <= 0x20 || text[$0] == 0x7F }
    let name = String(copying: text)
    return HTTPURL.Malformed(
      hasBlank
        ? "the host has a space or control character in it: \(name.debugDescription)" : "\(name) is not a host name")
  }
}
