public import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore

extension HTTPServer.Middleware {
  /// Lets pages of other sites use the responses (CORS, WHATWG Fetch §3.3): answers the preflights of browsers, and
  /// adds the fields that they look for, also to error responses.
  ///
  /// ```swift
  /// router.intercept(.cors(origins: ["https://app.example.org"], credentials: true))
  /// ```
  ///
  /// A request from another origin gets its response without these fields, which a browser then keeps from the page; it
  /// was carried out all the same, so that this is no protection from requests of strangers. A preflight from there is
  /// a 403. `Vary` says what a cache must look at. Put it outside of interceptors that ask for credentials, which a
  /// preflight does not have. aiohttp: aiohttp-cors.
  ///
  /// - Parameters:
  ///   - origins: the sites.
  ///   - credentials: whether requests may have cookies and passwords. Any origin with these is a mistake of the
  ///     program, and traps: all sites could act as the user.
  ///   - methods: those that a preflight allows; GET, HEAD and POST do not need it.
  ///   - headers: the names of request fields that it allows; nil for all.
  ///   - exposed: the names of response fields that pages may read beside the usual ones.
  ///   - maxAge: how long a browser may keep the answer to a preflight; nil is five seconds in browsers.
  public static func cors(
    origins: HTTPServer.CORSOrigins, credentials: Bool = false,
    methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete], headers: [String]? = nil,
    exposed: [String] = [], maxAge: Duration? = nil
  ) -> HTTPServer.Middleware {
    require(
      !(credentials && origins.isAny), "any origin with credentials would let each site act as the user: list origins")
    let rules = CORSRules(
      origins: origins, credentials: credentials, methods: methods.map(\.rawValue).joined(separator: ", "),
      headers: headers?.joined(separator: ", "), exposed: exposed.joined(separator: ", "),
      maxAge: maxAge.map { "\(max(0, $0.components.seconds))" })
    return HTTPServer.Middleware("cors") { request, next in
      if request.method == .options, request[.origin] != nil, let method = request["Access-Control-Request-Method"] {
        return .succeed(rules.preflight(request, method))
      }
      let fields = rules.fields(for: request)
      return next(request).addCallback { rules.complete($0, with: fields) }.addErrback { error in
        throw fields.isEmpty ? error : error.with(fields)
      }
    }
  }
}

private struct CORSRules {
  let origins: HTTPServer.CORSOrigins
  let credentials: Bool
  let methods: String
  let headers: String?
  let exposed: String
  let maxAge: String?

  /// The fields of all responses to an allowed origin; nil for another one.
  private func common(for request: HTTPServer.Request) -> HTTPFields? {
    // Also to a request without an origin: a cache may give its response to one with an origin (Fetch §3.3.5).
    if origins.isAny { return [.accessControlAllowOrigin: "*"] }
    guard let origin = request[.origin], origins.allow(origin) else { return nil }
    var fields: HTTPFields = [.accessControlAllowOrigin: origin]
    if credentials { fields[.accessControlAllowCredentials] = "true" }
    return fields
  }

  func fields(for request: HTTPServer.Request) -> HTTPFields {
    var fields = common(for: request) ?? HTTPFields()
    if !fields.isEmpty, !exposed.isEmpty { fields[.accessControlExposeHeaders] = exposed }
    if !origins.isAny { fields[.vary] = "Origin" }
    return fields
  }

  func complete(_ response: HTTPServer.Response, with fields: HTTPFields) -> HTTPServer.Response {
    if fields.isEmpty { return response }
    var response = response
    var all = response.fields ?? HTTPFields()
    for field in fields where field.name != .vary { all[field.name] = field.value }
    response.fields = all
    if fields.contains(.vary) { response.vary(by: .origin) }
    return response
  }

  /// - Parameter method: that of the request to come.
  func preflight(_ request: HTTPServer.Request, _ method: String) -> HTTPServer.Response {
    var response: HTTPServer.Response
    if var fields = common(for: request) {
      fields[.accessControlAllowMethods] = methods
      // Not `*`: with credentials that would be a name (Fetch §3.3.3), and it does not cover Authorization.
      if let names = headers ?? request["Access-Control-Request-Headers"], !names.isEmpty {
        fields[.accessControlAllowHeaders] = names
      }
      if let maxAge { fields[.accessControlMaxAge] = maxAge }
      response = HTTPServer.Response.status(.noContent).with(fields)
    } else {
      let origin = request[.origin] ?? ""
      response = .text(
        "The origin \(origin) may not use \(method) here: see `origins:` of `.cors`.\n", status: .forbidden)
    }
    if !origins.isAny { response.vary(by: .origin) }
    response.vary(by: .accessControlRequestMethod)
    response.vary(by: .accessControlRequestHeaders)
    return response
  }
}
