import SwirlNet
import SwirlHTTPCore

/// An entry of `no_proxy`: hosts to which requests go directly, as in curl and Go.
struct ProxyException: Sendable, Hashable {
  private enum Hosts: Hashable {
    case all
    /// This name and its subdomains.
    case name(String)
    case addresses(AddressRange)
  }
  private let hosts: Hosts
  /// The only matching port; nil for all.
  private var port: Int?

  /// `*`, `example.org`, `.example.org`, `*.example.org`, an address, or a block of addresses such as `127.0.0.0/8`;
  /// behind a name or an address in brackets, a port may follow. nil for any other text, which matches no host.
  init?(_ entry: String) {
    if entry == "*" {
      hosts = .all
      return
    }
    if let range = AddressRange(entry) {
      hosts = .addresses(range)
      return
    }
    var name = Substring(entry)
    // An IPv6 address has more colons than one, or brackets.
    if let colon = name.lastIndex(of: ":"), name.firstIndex(of: ":") == colon || name[..<colon].hasSuffix("]") {
      guard let number = Int(name[name.index(after: colon)...]) else { return nil }
      port = number
      name = name[..<colon]
    }
    while name.hasPrefix(".") || name.hasPrefix("*.") { name = name.dropFirst(name.hasPrefix("*.") ? 2 : 1) }
    if name.contains(":"), !name.hasPrefix("[") { name = "[\(name)]" }
    // In canonical form for comparison: a name in Punycode, an address in its shortest form.
    guard !name.isEmpty, let host = try? URLHost.canonical(String(name).utf8.span) else { return nil }
    hosts = .name(host.withoutLastDot)
  }

  /// Whether requests to `origin` bypass the proxy.
  func includes(_ origin: Origin) -> Bool {
    if let port, port != origin.port { return false }
    switch hosts {
    case .all: return true
    case .name(let name):
      let host = origin.hostWithoutZone.withoutLastDot
      // Compares names by bytes; an address has no subdomains.
      return host.hasSameBytes(as: name) || host.domainMatches(name)
    case .addresses(let range):
      return SocketAddress(ip: origin.name, port: 0).map(range.contains) ?? false
    }
  }
}

extension String {
  /// Without the final dot of an absolute name.
  fileprivate var withoutLastDot: String { utf8.last == UInt8(ascii: ".") ? String(dropLast()) : self }
}
