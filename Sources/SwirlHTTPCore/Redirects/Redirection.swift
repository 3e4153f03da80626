package import HTTPTypes

/// The target of a redirect, and the changes to the request (RFC 9110 §15.4, and the Fetch standard's HTTP-redirect
/// fetch).
package enum Redirection {
  /// Request this instead.
  case follow(Target)
  /// Do not follow, for this reason.
  case refuse(String)

  package struct Target {
    /// Including the fragment of the result.
    package let url: HTTPURL
    /// Whether the next request is a GET without content.
    package let becomesGET: Bool
    /// Whether the next request drops credentials and cookies.
    package let isOtherOrigin: Bool
  }

  /// The Location of `head`; nil if it is not a redirect.
  package static func location(in head: ResponseHead) -> String? {
    switch head.statusCode {
    case 301, 302, 303, 307, 308: head.reference("location")
    default: nil
    }
  }

  /// - Parameters:
  ///   - url: the URL of the redirected request.
  ///   - location: the result of `location(in:)`.
  ///   - status: the status of the response.
  ///   - followed: the number of redirects that led to `url`.
  ///   - limit: the maximum number of redirects.
  ///   - allowsDowngrade: whether to follow one from https to http.
  package init(
    from url: String, _ method: HTTPRequest.Method, to location: String, _ status: Int, followed: Int, limit: Int,
    allowsDowngrade: Bool
  ) {
    if location.utf8.contains(where: \.isControl) {
      self = .refuse("a redirect is not followed: its Location has a control character in it")
      return
    }
    let from: HTTPURL
    var to: HTTPURL
    do throws(HTTPURL.Malformed) {
      from = try HTTPURL(url)
      to = try from.resolving(location)
    } catch {
      self = .refuse("a redirect to \(location.redactedURL) is not followed: \(error.reason)")
      return
    }
    // RFC 9110 §10.2.2: without a fragment of its own the Location inherits that of the request's URL.
    if to.fragment == nil { to.fragment = from.fragment }
    // A function, since an accepted redirect does not need it.
    func shown() -> String { to.redacted }
    if followed >= limit {
      self = .refuse("more than \(limit) redirects, the next to \(shown()): raise `redirects`, or look at the pages")
      return
    }
    // A remote server must not direct requests to Unix sockets of this machine.
    if to.origin.socketPath != nil, to.origin != from.origin {
      self = .refuse("a redirect to \(shown()) is not followed: it leads to a Unix socket")
      return
    }
    if from.origin.isSecure, !to.origin.isSecure, !allowsDowngrade {
      self = .refuse(
        "a redirect from https to \(shown()) is not followed: allow it with `redirects`, if others may read it")
      return
    }
    let becomesGET = status == 303 && method != .head || (status == 301 || status == 302) && method == .post
    self = .follow(Target(url: to, becomesGET: becomesGET, isOtherOrigin: from.origin != to.origin))
  }
}
