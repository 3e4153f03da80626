import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore

extension HTTPServer.Middleware {
  /// Refuses requests that pages of other sites make a browser send with the user's cookies (cross-site request
  /// forgery): with a 403, before the handler. Forms need no token then.
  ///
  /// ```swift
  /// router.intercept(.sessions(keys: [key]))
  /// router.intercept(.sameOrigin())
  /// ```
  ///
  /// GET, HEAD and OPTIONS pass: their handlers must change nothing. Others pass if the browser says that their page is
  /// of this origin (`Sec-Fetch-Site`, W3C Fetch Metadata), or where it does not say, over `http`, if `Origin` (RFC
  /// 6454 §7) is the host of the request. What has neither is no browser of today, and passes. `SameSite=Lax`, which
  /// cookies have by themselves, lets other ports and other hosts of the same site through; this does not. On `http` a
  /// page with `Referrer-Policy: no-referrer` sends `Origin: null` with its forms, and is refused.
  ///
  /// Go: `http.CrossOriginProtection`; Tornado: `xsrf_cookies`; Django: `CsrfViewMiddleware`.
  ///
  /// - Parameter origins: sites whose pages may send requests all the same, such as the one that `.cors` has.
  public static func sameOrigin(trusting origins: HTTPServer.CORSOrigins = []) -> HTTPServer.Middleware {
    HTTPServer.Middleware("sameOrigin") { request, next in
      if request.isSafe || request.isOfOwnPage || request[.origin].map(origins.allow) == true { return next(request) }
      throw HTTPServer.StatusError(.forbidden, "a page of another site may not send this request")
    }
  }
}

extension HTTPServer.Request {
  fileprivate var isSafe: Bool { method == .get || method == .head || method == .options }

  fileprivate var isOfOwnPage: Bool {
    // `none`: the user's own doing, such as a bookmark.
    if let site = self["Sec-Fetch-Site"] { return site == "same-origin" || site == "none" }
    guard let origin = self[.origin] else { return true }
    return HTTPServer.WebSocketOrigins.sameHost.allow(origin, at: externalAuthority)
  }
}
