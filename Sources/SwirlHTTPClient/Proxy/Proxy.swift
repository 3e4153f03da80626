import SwirlHTTPCore

/// A proxy for requests.
public struct Proxy: Sendable, Hashable, CustomStringConvertible {
  enum Kind: Sendable, Hashable {
    case http
    /// HTTP over TLS with the proxy.
    case https
    case socks5

    var scheme: String { "\(self)" }

    /// curl's, but for `http`.
    var defaultPort: Int {
      switch self {
      case .http: 3128
      case .https: 443
      case .socks5: 1080
      }
    }
  }
  /// How a name and a password are proved to an HTTP proxy.
  public enum Authentication: Sendable, Hashable {
    /// They go with each request (RFC 7617), unless the proxy asks for a Digest proof: the proxy and who listens on the
    /// way can read them.
    case basic
    /// The password is never sent: the proxy's challenge is answered with a proof (RFC 7616).
    case digest
  }
  struct Credentials: Sendable, Hashable {
    let user: String
    let password: String
  }
  let kind: Kind
  let host: String
  let port: Int
  let credentials: Credentials?
  let authentication: Authentication

  /// An HTTP proxy: it forwards requests for `http`, and opens tunnels by CONNECT for `https` (RFC 9110 §9.3.6).
  ///
  /// A proxy's Digest challenge (407) is answered with a proof, and so is each later request to it.
  public static func http(
    _ host: String, port: Int, user: String? = nil, password: String = "", authentication: Authentication = .basic
  ) -> Proxy {
    Proxy(
      kind: .http, host: host, port: port, credentials: user.map { Credentials(user: $0, password: password) },
      authentication: authentication)
  }

  /// An HTTP proxy that is reached over TLS, as the client's `proxyTLS` says: who listens on the way to it reads
  /// neither requests nor credentials. Its certificate must be for `host`. An `https` origin has a TLS connection of
  /// its own inside, which the proxy cannot read.
  public static func https(
    _ host: String, port: Int, user: String? = nil, password: String = "", authentication: Authentication = .basic
  ) -> Proxy {
    Proxy(
      kind: .https, host: host, port: port, credentials: user.map { Credentials(user: $0, password: password) },
      authentication: authentication)
  }

  /// Whether it speaks HTTP.
  var isHTTP: Bool { kind != .socks5 }

  /// A SOCKS5 proxy (RFC 1928). The proxy resolves names.
  public static func socks5(_ host: String, port: Int, user: String? = nil, password: String = "") -> Proxy {
    Proxy(kind: .socks5, host: host, port: port, credentials: user.map { Credentials(user: $0, password: password) })
  }

  private init(
    kind: Kind, host: String, port: Int, credentials: Credentials?, authentication: Authentication = .basic
  ) {
    self.kind = kind
    self.host = host
    self.port = port
    self.credentials = credentials
    self.authentication = authentication
  }

  /// The proxy at `url`, in the form of environment variables: `http://user:password@host:port`,
  /// `https://host:port`, `socks5://host:port` or `socks5h://host:port`; without a scheme it is an HTTP proxy. Without
  /// a port it is 3128, 443 or 1080.
  /// - Throws: ``ProxyError``, if it is malformed.
  public init(_ url: String) throws(ProxyError) {
    var rest = Substring(url)
    var kind = Kind.http
    if let end = rest.firstRange(of: "://") {
      switch rest[..<end.lowerBound].lowercased() {
      case "http": kind = .http
      case "https": kind = .https
      case "socks5", "socks5h": kind = .socks5
      case let scheme:
        let name = scheme.contains("@") ? "" : " by \(scheme)"
        throw ProxyError(url, "a proxy\(name) is not supported: use http, https or socks5")
      }
      rest = rest[end.upperBound...]
    }
    if let end = rest.firstIndex(where: { "/?#".contains($0) }) {
      // A password may have these, which must be percent-encoded then.
      guard rest[end...] == "/" else {
        throw ProxyError(
          url, "a proxy has no path: end it behind the port; in a password write %2F for /, %3F for ?, %23 for #")
      }
      rest = rest[..<end]
    }
    var credentials: Credentials?
    if let at = rest.lastIndex(of: "@") {
      let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard let user = String(parts[0]).percentDecoded,
        let password = (parts.count > 1 ? String(parts[1]) : "").percentDecoded
      else { throw ProxyError(url, "the name and password are not percent-encoded as they should be") }
      credentials = Credentials(user: user, password: password)
      rest = rest[rest.index(after: at)...]
    }
    do throws(HTTPURL.Malformed) {
      let origin = try HTTPURL("http://\(rest)").origin
      let hasPort = rest.last != "]" && rest.contains(":")
      self.init(
        kind: kind, host: origin.name, port: hasPort ? origin.port : kind.defaultPort,
        credentials: credentials)
    } catch { throw ProxyError(url, error.reason) }
  }

  /// Without its password.
  public var description: String {
    let user = credentials.map { "\($0.user)@" } ?? ""
    return "\(kind.scheme)://\(user)\(host.contains(":") ? "[\(host)]" : host):\(port)"
  }
}

/// A malformed address of a proxy.
public struct ProxyError: Error, Sendable, CustomStringConvertible {
  /// The malformed text, with `REDACTED` in place of a user and a password.
  public let url: String
  /// The reason and what to do, in words.
  public let reason: String

  init(_ url: String, _ reason: String) {
    self.url = url.redactedURL
    self.reason = reason
  }

  /// Such as `the proxy ftp://x: a proxy by ftp is not supported: use http, https or socks5`.
  public var description: String { "the proxy \(url): \(reason)" }
}
