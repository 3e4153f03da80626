public import HTTPTypes
import SwirlHTTPCore

extension HTTPClient {
  /// What is done when a server says that something is elsewhere.
  ///
  /// 301 and 302 make GET of a POST, 303 of everything but HEAD, and 307 and 308 send the same once more (RFC 9110
  /// §15.4, and the Fetch standard). On the way to another origin the credentials and cookies that the request brought
  /// are left behind, and so are the fields that interceptors added to the whole. A `Host` field of the request's own
  /// goes to the first origin only, and with the first request only. A user and a password in a Location are used for
  /// the origin there if the request has no credentials, and are left out of every URL that is shown. A way to anything
  /// but `http` and `https`, and one from `https` to `http`, is an error.
  public struct Redirects: Sendable, Hashable {
    /// The maximum number of redirects for one request; one more is an error. With zero the redirect itself is the
    /// response.
    public var limit: Int
    /// Whether to follow one from `https` to `http`, where others can read and change all data.
    public var allowsDowngrade: Bool

    /// Follows up to `limit` redirects.
    public static func follow(_ limit: Int = 10, allowingDowngrade: Bool = false) -> Redirects {
      Redirects(limit: limit, allowsDowngrade: allowingDowngrade)
    }

    /// Does not follow redirects: the redirect is the response.
    public static let none = Redirects(limit: 0, allowsDowngrade: false)
  }

  /// A redirect that was followed.
  public struct RedirectStep: Sendable, Hashable, CustomStringConvertible {
    /// The URL of the redirected request.
    public let url: String
    /// The method of the redirected request.
    public let method: HTTPRequest.Method
    /// The status of the redirect: 301, 302, 303, 307 or 308.
    public let status: HTTPResponse.Status

    /// Such as `302 http://127.0.0.1/old`.
    public var description: String { "\(status.code) \(url.redactedURL)" }
  }
}

extension HTTPClient {
  /// The request that follows `request` to `location`, or the reason for not following it.
  func redirected(
    _ request: Request, to location: String, _ status: Int, _ policy: Redirects, after history: [RedirectStep]
  ) -> Result<Request, RefusedRedirect> {
    let rule = Redirection(
      from: request.url, request.method, to: location, status, followed: history.count, limit: policy.limit,
      allowsDowngrade: policy.allowsDowngrade)
    let target: Redirection.Target
    switch rule {
    case .refuse(let reason): return .failure(RefusedRedirect(reason: reason))
    case .follow(let found): target = found
    }
    var next = request
    next.url = target.url.textWithFragment
    if target.becomesGET {
      next.method = .get
      next.removeContent()
    } else if let body = request.body, !body.isReplayable {
      return .failure(
        RefusedRedirect(
          reason: "a redirect to \(next.url.redactedURL) asks for the content again, which was a stream: send it there")
      )
    }
    next.headers[.host] = nil
    if target.isOtherOrigin {
      next.removeCredentials()
      next.forgetPriorKnowledge()
    }
    // A user name with a colon in it, which Basic cannot carry (RFC 7617 §2), is ignored.
    if let credentials = target.url.credentials, !credentials.user.contains(":"), next.authentication == nil,
      !next.headers.contains(.authorization), !headers.contains(.authorization)
    {
      next.authentication = .basic(credentials.user, credentials.password)
    }
    return .success(next)
  }

  /// Why a redirect is not followed, in words.
  struct RefusedRedirect: Error {
    let reason: String
  }
}

extension HTTPClient.Request {
  /// Removes the content and the fields about it.
  fileprivate mutating func removeContent() {
    body = nil
    for name: HTTPField.Name in [
      .contentType, .contentLength, .contentEncoding, .contentLanguage, .contentLocation, .transferEncoding, .expect,
    ] { headers[name] = nil }
    expectsContinue = false
  }

  /// Removes the credentials, which are for one server only.
  fileprivate mutating func removeCredentials() {
    authentication = nil
    for name in [HTTPField.Name.authorization, .cookie, .proxyAuthorization] { headers[name] = nil }
    // An interceptor that adds a token, under whatever name, meant the first origin.
    if let names = call?.names { headers = HTTPFields(headers.filter { names.contains($0.name) }) }
  }
}
