import SwirlHTTPCore
import SwirlPlatform

/// Selects the proxy for each request.
public struct ProxySettings: Sendable, Hashable {
  private var http: Proxy?
  private var https: Proxy?
  private var exceptions: [ProxyException] = []

  /// No proxy.
  public static let none = ProxySettings()

  /// One proxy for all requests except to the hosts in `exceptions`, in the syntax of `no_proxy`.
  public static func all(_ proxy: Proxy, except exceptions: [String] = []) -> ProxySettings {
    var settings = ProxySettings()
    settings.http = proxy
    settings.https = proxy
    settings.exceptions = exceptions.compactMap(ProxyException.init)
    return settings
  }

  /// From the environment: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, in lower case or upper case.
  /// `HTTP_PROXY` is ignored, because in a CGI program a client could set it.
  ///
  /// `no_proxy` is a comma-separated list: `example.org` is the host and its subdomains, `127.0.0.0/8` a block of
  /// addresses, `*` everything; a port may follow a name. Equivalent forms of names and addresses match
  /// (`bücher.example`, `[::1]`).
  /// - Throws: ``ProxyError``, if a variable is malformed.
  public static func environment() throws(ProxyError) -> ProxySettings {
    try ProxySettings { String(environmentVariable: $0) }
  }

  init() {}

  init(_ variable: (String) -> String?) throws(ProxyError) {
    func proxy(_ names: String...) throws(ProxyError) -> Proxy? {
      for name in names { if let url = variable(name), !url.isEmpty { return try Proxy(url) } }
      return nil
    }
    http = try proxy("http_proxy", "all_proxy", "ALL_PROXY")
    https = try proxy("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    let list = variable("no_proxy") ?? variable("NO_PROXY") ?? ""
    exceptions = list.split { $0 == "," || $0 == " " }.compactMap { ProxyException(String($0)) }
  }

  /// The proxy for an origin; nil for a direct connection.
  func proxy(for origin: Origin) -> Proxy? {
    guard let proxy = origin.isSecure ? https : http, !exceptions.contains(where: { $0.includes(origin) }) else {
      return nil
    }
    return proxy
  }
}

extension String {
  fileprivate init?(environmentVariable name: String) {
    guard let value = getenv(name) else { return nil }
    self = String(cString: value)
  }
}
