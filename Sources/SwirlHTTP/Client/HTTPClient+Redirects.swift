public import HTTPTypes
import SwirlHTTPCore

extension HTTPClient {
  /// What is done when a server says that something is elsewhere.
  ///
  /// 301 and 302 make GET of a POST, 303 of everything but HEAD, and 307 and 308 send the same once more (RFC 9110 §15.4, and the
  /// Fetch standard). On the way to another origin the credentials and cookies that the request brought are left behind.
  /// A `Host` field of the request's own goes to the first origin only, and with the first request only. A user and a password in a
  /// Location are used for the origin there if the request has no credentials, and are left out of every URL that is shown.
  /// A way to anything but `http` and `https`, and one from `https` to `http`, is an error.
  public struct Redirects: Sendable, Hashable {
    /// How many are followed for one request; one more is an error. With zero the redirect itself is the response.
    public var limit: Int
    /// Whether one from `https` to `http` is followed, where others can read what is sent and change what comes.
    public var allowsDowngrade: Bool

    /// Follows as many as `limit`.
    public static func follow(_ limit: Int = 10, allowingDowngrade: Bool = false) -> Redirects {
      Redirects(limit: limit, allowsDowngrade: allowingDowngrade)
    }

    /// Follows none: the redirect is the response.
    public static let none = Redirects(limit: 0, allowsDowngrade: false)
  }

  /// A redirect that was followed.
  public struct RedirectStep: Sendable, Hashable, CustomStringConvertible {
    /// What had been asked for.
    public let url: String
    /// The method with which it had been.
    public let method: HTTPRequest.Method
    /// What the server answered: 301, 302, 303, 307 or 308.
    public let status: HTTPResponse.Status

    /// Such as `302 http://127.0.0.1/old`.
    public var description: String { "\(status.code) \(url.redactedURL)" }
  }
}

/// Where a redirect leads.
enum Redirection {
  /// Ask this instead.
  case follow(HTTPClient.Request)
  /// Not there.
  case refuse(String)

  /// What `head`, the answer to `request`, says; nil where it is no redirect.
  static func location(in head: ResponseHead) -> String? {
    switch head.status {
    case 301, 302, 303, 307, 308: head.reference("location")
    default: nil
    }
  }

  init(
    of request: HTTPClient.Request, to location: String, _ status: Int, _ policy: HTTPClient.Redirects,
    after history: [HTTPClient.RedirectStep], by client: HTTPClient
  ) {
    if location.utf8.contains(where: \.isControl) {
      self = .refuse("a redirect is not followed: its Location has a control character in it")
      return
    }
    let from: HTTPURL
    var to: HTTPURL
    do throws(HTTPURL.Malformed) {
      from = try HTTPURL(request.url)
      to = try from.resolving(location)
    } catch {
      self = .refuse("a redirect to \(location.redactedURL) is not followed: \(error.reason)")
      return
    }
    // RFC 9110 §10.2.2: what led here has a fragment, where the Location has none.
    if to.fragment == nil { to.fragment = from.fragment }
    let url = to.redacted
    if history.count >= policy.limit {
      self = .refuse("more than \(policy.limit) redirects, the next to \(url): raise `redirects`, or look at the pages")
      return
    }
    // A server elsewhere has no business with the sockets of this machine.
    if to.origin.socketPath != nil, to.origin != from.origin {
      self = .refuse("a redirect to \(url) is not followed: it leads to a Unix socket")
      return
    }
    if from.origin.isSecure, !to.origin.isSecure, !policy.allowsDowngrade {
      self = .refuse(
        "a redirect from https to \(url) is not followed: allow it with `redirects`, if others may read it")
      return
    }
    var next = request
    next.url = to.textWithFragment
    if status == 303 && request.method != .head || (status == 301 || status == 302) && request.method == .post {
      next.method = .get
      next.removeContent()
    } else if let body = request.body, !body.isReplayable {
      self = .refuse("a redirect to \(url) asks for the content again, which was a stream and is gone: send it there")
      return
    }
    next.headers[.host] = nil
    if from.origin != to.origin { next.removeCredentials() }
    // A user name with a colon in it, which Basic cannot carry (RFC 7617 §2), is as good as none.
    if let credentials = to.credentials, !credentials.user.contains(":"), next.authentication == nil,
      !next.headers.contains(.authorization),
      !client.headers.contains(.authorization)
    {
      next.authentication = .basic(credentials.user, credentials.password)
    }
    self = .follow(next)
  }
}

extension HTTPClient.Request {
  /// The content, and what is said of it.
  fileprivate mutating func removeContent() {
    body = nil
    for name: HTTPField.Name in [
      .contentType, .contentLength, .contentEncoding, .contentLanguage, .contentLocation, .transferEncoding, .expect,
    ] { headers[name] = nil }
    expectsContinue = false
  }

  /// What was meant for one server only.
  fileprivate mutating func removeCredentials() {
    authentication = nil
    for name in [HTTPField.Name.authorization, .cookie, .proxyAuthorization] { headers[name] = nil }
  }
}
