extension HTTPServer {
  /// The pages that may open a WebSocket: browsers send the origin of the page with the request (RFC 6455 §10.2), and
  /// let any page ask any server, with the user's cookies. Programs that are no browsers send no origin, and are let
  /// in.
  public struct WebSocketOrigins: Sendable {
    private enum Rule {
      case any
      case sameHost
      case list(Set<String>)
    }

    private let rule: Rule

    /// Pages of the host and port that the request names: the default. Behind a proxy that changes Host use a list.
    public static let sameHost = WebSocketOrigins(rule: .sameHost)

    /// All pages. Right only where the connection gives nothing that depends on cookies or on the network.
    public static let any = WebSocketOrigins(rule: .any)

    /// These, as browsers write them: `https://example.com`, `http://localhost:8080`.
    public static func list(_ origins: String...) -> WebSocketOrigins {
      WebSocketOrigins(rule: .list(Set(origins.map { $0.lowercased() })))
    }

    func allow(_ origin: String, at authority: String?) -> Bool {
      let origin = origin.lowercased()
      switch rule {
      case .any: return true
      case .list(let origins): return origins.contains(origin)
      case .sameHost:
        guard let authority = authority?.lowercased(), let scheme = origin.firstRange(of: "://") else { return false }
        let port = origin[..<scheme.lowerBound] == "https" ? ":443" : ":80"
        let host = origin[scheme.upperBound...]
        return host == authority || host + port == authority
      }
    }
  }
}
