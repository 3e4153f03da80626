/// Whom connections are kept for: a scheme, a host and a port (RFC 9110 §4.3.1).
struct Origin: Hashable, Sendable {
  /// Whether the scheme is `https`.
  let isSecure: Bool
  /// In lower case; an IPv6 address with its brackets.
  let host: String
  let port: Int
  /// The path of a Unix socket, where that is what is connected to; percent-decoded.
  var socketPath: String?

  /// As the Host field wants it: the port only when it is not the scheme's own.
  var authority: String { port == Self.port(isSecure) ? host : "\(host):\(port)" }

  /// What its URLs begin with.
  var prefix: String {
    if let socketPath { return "http+unix://\(socketPath.queryEncoded)" }
    return "\(isSecure ? "https" : "http")://\(authority)"
  }

  /// The port of a scheme.
  static func port(_ isSecure: Bool) -> Int { isSecure ? 443 : 80 }

  /// The host as the resolver wants it: an IPv6 address without its brackets.
  var name: String { host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host }
}
