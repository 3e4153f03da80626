/// The key of pooled connections: a scheme, a host and a port (RFC 9110 §4.3.1).
package struct Origin: Hashable, Sendable {
  /// Whether the scheme is `https`.
  package let isSecure: Bool
  /// In the URL standard's canonical form; an IPv6 address in brackets, with its zone behind `%25`.
  package let host: String
  package let port: Int
  /// The percent-decoded path of a Unix socket, if the connection goes to one.
  package var socketPath: String?

  /// For the Host field: with the port if it is not the scheme's default, and without the zone, which has a meaning on
  /// this machine only (RFC 6874 §1).
  package var authority: String { port == Self.port(isSecure) ? hostWithoutZone : "\(hostWithoutZone):\(port)" }

  /// The prefix of its URLs.
  package var prefix: String {
    if let socketPath { return "http+unix://\(socketPath.queryEncoded)" }
    let scheme = isSecure ? "https" : "http"
    return port == Self.port(isSecure) ? "\(scheme)://\(host)" : "\(scheme)://\(host):\(port)"
  }

  /// The default port of a scheme.
  package static func port(_ isSecure: Bool) -> Int { isSecure ? 443 : 80 }

  /// The host for the resolver: an IPv6 address without its brackets, the zone behind `%`.
  package var name: String {
    guard host.hasPrefix("[") else { return host }
    let address = host.dropFirst().dropLast()
    guard let zone = zone(in: address) else { return String(address) }
    return address[..<zone.lowerBound] + "%" + address[zone.upperBound...]
  }

  /// The host without the zone of a link-local address.
  package var hostWithoutZone: String {
    guard let zone = zone(in: host[...]) else { return host }
    return host[..<zone.lowerBound] + "]"
  }

  private func zone(in text: Substring) -> Range<Substring.Index>? {
    guard host.utf8.first == UInt8(ascii: "["), let percent = text.firstIndex(of: "%") else { return nil }
    return percent..<text.index(percent, offsetBy: 3)
  }
}
