import SwirlDeferred
import SwirlHTTPCore

extension HTTPServer {
  /// The sites whose pages may use responses: see
  /// ``Middleware/cors(origins:credentials:methods:headers:exposed:maxAge:)``.
  ///
  /// ```swift
  /// let origins: HTTPServer.CORSOrigins = ["https://app.example.org", "http://localhost:8080"]
  /// ```
  public struct CORSOrigins: ExpressibleByArrayLiteral {
    enum Rule {
      case any
      case list(Set<String>)
      case function((String) -> Bool)
    }
    let rule: Rule

    /// All, also pages in files and sandboxes, whose origin is `null`.
    public static var any: CORSOrigins { CORSOrigins(rule: .any) }

    /// Those for which `allows` returns true; it gets the origin as the browser sends it.
    public static func matching(_ allows: @escaping (_ origin: String) -> Bool) -> CORSOrigins {
      CORSOrigins(rule: .function(allows))
    }

    /// These, as browsers send them: scheme, host, and the port if it is not the scheme's own. Other text is a mistake
    /// of the program, and traps.
    public static func list(_ origins: [String]) -> CORSOrigins {
      for origin in origins where origin != "null" {
        let host = origin.firstRange(of: "://").map { origin[$0.upperBound...] } ?? ""
        require(
          !host.isEmpty && !host.contains(where: { "/?#@*".contains($0) }) && origin == origin.lowercased(),
          "\"\(origin)\" is no origin, such as \"https://app.example.org\" or \"http://localhost:8080\"")
      }
      return CORSOrigins(rule: .list(Set(origins)))
    }

    private init(rule: Rule) { self.rule = rule }

    /// As `list`.
    public init(arrayLiteral origins: String...) { self = .list(origins) }

    var isAny: Bool { if case .any = rule { true } else { false } }

    func allow(_ origin: String) -> Bool {
      switch rule {
      case .any: true
      case .list(let origins): origins.contains(origin)
      case .function(let allows): allows(origin)
      }
    }
  }
}
