/// Whom connections are kept for: a host and a port (RFC 9110 §4.3.1).
struct Origin: Hashable, Sendable {
  /// In lower case; an IPv6 address with its brackets.
  let host: String
  let port: Int

  /// As the Host field wants it: the port only when it is not the scheme's own.
  var authority: String { port == 80 ? host : "\(host):\(port)" }

  /// The host as the resolver wants it: an IPv6 address without its brackets.
  var name: String { host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host }
}
