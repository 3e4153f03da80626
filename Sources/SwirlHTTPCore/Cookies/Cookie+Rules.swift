extension Cookie {
  /// Why a jar refuses it; nil if it accepts it (RFC 6265bis §5.7).
  ///
  /// The rules hold for cookies from servers and from files: an attacker who can write the file gains nothing over a
  /// server.
  package var problem: String? { problemOfPair ?? problemOfScope ?? problemOfPrefix }

  private var problemOfPair: String? {
    if name.isEmpty && value.isEmpty { return "it has neither a name nor a value" }
    if name.utf8.contains(where: \.isControl) || value.utf8.contains(where: \.isControl) {
      return "it has a control character in it"
    }
    // In a file, they may differ.
    if let rawPair, !String(decoding: rawPair, as: UTF8.self).hasSameBytes(as: pair) {
      return "its bytes are not those of its name and value"
    }
    if nameBytes.count + valueBytes.count > SetCookie.pairLimit {
      return "name and value have more than \(SetCookie.pairLimit) bytes"
    }
    // A server cannot set these names: a Cookie field with one would be parsed differently.
    if name.utf8.contains(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ";") })
      || value.utf8.contains(UInt8(ascii: ";"))
    {
      return "its name or value has a separator in it"
    }
    for text in [name, value] where text.utf8.first?.isBlank == true || text.utf8.last?.isBlank == true {
      return "its name or value has white space around it"
    }
    // Allowed by the draft, but the lines of a cookie file are cut at tabs; curl refuses it as well.
    if name.utf8.contains(0x09) { return "its name has a tab in it" }
    return nil
  }

  private var problemOfScope: String? {
    // A host must be valid in a URL and round-trip through it unchanged.
    guard domain.utf8.first != UInt8(ascii: "."), let url = try? HTTPURL("http://\(domain)/"),
      url.origin.host.hasSameBytes(as: domain)
    else { return "\(domain.debugDescription) is not a host" }
    if !isHostOnly && domain.isAddress { return "there are no domains above an address" }
    if !isHostOnly && PublicSuffixes.contains(domain) {
      return "\(domain) is a public suffix: the cookie would go to strangers"
    }
    if path.utf8.first != UInt8(ascii: "/") || path.utf8.contains(where: { $0.isControl || $0 == 0x09 }) {
      return "its path does not begin with a slash, or has a tab or control character in it"
    }
    if sameSite == .none && !isSecure { return "SameSite=None needs Secure" }
    return nil
  }

  /// Prefixes that guarantee to a server that no other host and no attacker on the network has set the cookie (§4.1.3).
  private var problemOfPrefix: String? {
    // Servers read a cookie without a name by its value, so the value must not start with a prefix.
    let start = (name.isEmpty ? value : name).utf8.prefix(9).lowercasedText
    let claimsHost = start.utf8.starts(with: "__host-".utf8)
    guard claimsHost || start == "__secure-" else { return nil }
    if name.isEmpty { return "a cookie without a name must not look like one with a prefix" }
    if !isSecure { return "its prefix needs Secure" }
    if claimsHost && !(isHostOnly && path == "/") { return "its prefix needs Path=/ and no Domain" }
    return nil
  }
}
