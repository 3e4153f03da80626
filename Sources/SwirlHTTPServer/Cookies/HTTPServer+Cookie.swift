import SwirlDeferred
public import SwirlHTTPCore

extension HTTPServer {
  /// A cookie that a response sets (RFC 6265bis §4.1), checked when it is made.
  ///
  /// ```swift
  /// return .text("welcome\n").with(try HTTPServer.Cookie("theme", "dark", maxAge: .seconds(86_400)))
  /// ```
  ///
  /// By default it is for all paths of this host, hidden from scripts, not sent with requests that other sites cause
  /// but by a link (`Lax`), and ends with the browser's session. On `https` make it `isSecure`, with a name that begins
  /// with `__Host-`. Tornado: `set_cookie`; aiohttp: `Response.set_cookie`.
  public struct Cookie: Sendable, Hashable, CustomStringConvertible {
    /// The name.
    public let name: String
    /// The value.
    public let value: String
    /// How long the client keeps it; nil for the end of its session.
    public let maxAge: Duration?
    /// When it ends, in seconds since 1970; `maxAge` comes first.
    public let expires: Int?
    /// The domain whose hosts get it all; nil for this host alone.
    public let domain: String?
    /// The beginning of the paths of requests that send it.
    public let path: String
    /// Whether only secure connections send it.
    public let isSecure: Bool
    /// Whether it is hidden from scripts.
    public let isHTTPOnly: Bool
    /// Whether requests that another site has caused send it; `default` leaves it to the browser.
    public let sameSite: SwirlHTTPCore.Cookie.SameSite
    /// Whether each top-level site has a cookie of its own (CHIPS).
    public let isPartitioned: Bool

    /// - Throws: ``CookieError`` for what clients would refuse or read otherwise: a value with a comma, for example,
    ///   or the prefix `__Host-` without `isSecure`.
    public init(
      _ name: String, _ value: String, maxAge: Duration? = nil, expires: Int? = nil, domain: String? = nil,
      path: String = "/", isSecure: Bool = false, isHTTPOnly: Bool = true,
      sameSite: SwirlHTTPCore.Cookie.SameSite = .lax, isPartitioned: Bool = false
    ) throws(CookieError) {
      self.name = name
      self.value = value
      self.maxAge = maxAge
      self.expires = expires
      self.domain = domain
      self.path = path
      self.isSecure = isSecure
      self.isHTTPOnly = isHTTPOnly
      self.sameSite = sameSite
      self.isPartitioned = isPartitioned
      if let problem = problemOfPair ?? problemOfScope ?? problemOfPrefix { throw CookieError(name, problem) }
    }

    /// A cookie that makes the client remove its own, which is found by name, domain and path. Tornado: `clear_cookie`.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - domain: its domain, if it was set with one.
    ///   - path: its path.
    ///   - isSecure: to be true if its name has a prefix, or a secure one is to be removed over a secure connection.
    public static func removal(
      of name: String, domain: String? = nil, path: String = "/", isSecure: Bool = false
    ) throws(CookieError) -> Cookie {
      try Cookie(name, "", maxAge: .zero, expires: 0, domain: domain, path: path, isSecure: isSecure)
    }

    /// As in a Set-Cookie field: `theme=dark; Path=/; HttpOnly; SameSite=Lax`.
    public var description: String {
      var text = "\(name)=\(value); Path=\(path)"
      if let domain { text += "; Domain=\(domain)" }
      if let maxAge { text += "; Max-Age=\(max(0, maxAge.components.seconds))" }
      if let expires { text += "; Expires=\(HTTPDate.format(min(max(expires, 0), HTTPDate.last)))" }
      if isSecure { text += "; Secure" }
      if isHTTPOnly { text += "; HttpOnly" }
      switch sameSite {
      case .default: break
      case .none: text += "; SameSite=None"
      case .lax: text += "; SameSite=Lax"
      case .strict: text += "; SameSite=Strict"
      }
      if isPartitioned { text += "; Partitioned" }
      return text
    }
  }

  /// Why a cookie can't be set: a mistake of the program, or text of a stranger in it.
  public struct CookieError: Error, Hashable, CustomStringConvertible {
    /// The cookie's name.
    public let name: String
    /// The reason in words.
    public let reason: String

    init(_ name: String, _ reason: String) {
      self.name = name
      self.reason = reason
    }

    /// Name and reason; the value is not in it.
    public var description: String { "the cookie \(name.debugDescription) can't be set: \(reason)" }
  }
}
