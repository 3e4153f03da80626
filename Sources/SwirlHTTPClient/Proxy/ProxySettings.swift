import SwirlHTTPCore
import SwirlPlatform

/// Which requests go through a proxy, and through which.
public struct ProxySettings: Sendable, Hashable {
  private var http: Proxy?
  private var https: Proxy?
  private var exceptions: [ProxyException] = []

  /// None does.
  public static let none = ProxySettings()

  /// All do, but those to the hosts that `exceptions` names, as `no_proxy` does.
  public static func all(_ proxy: Proxy, except exceptions: [String] = []) -> ProxySettings {
    var settings = ProxySettings()
    settings.http = proxy
    settings.https = proxy
    settings.exceptions = exceptions.compactMap(ProxyException.init)
    return settings
  }

  /// What the environment says: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, in small letters or, but for
  /// `http_proxy`, which a web server's visitor could set, in capitals.
  ///
  /// `no_proxy` has the names of hosts, with commas between: `example.org` is the host and all below it, `127.0.0.0/8` a block of
  /// addresses, `*` everything; behind a name a port may follow. Names and addresses mean the same however they are written
  /// (`bücher.example`, `[::1]`).
  /// - Throws: ``ProxyError``, when a variable cannot be read.
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

  /// The proxy for an origin; nil where there is none.
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
