import HTTPTypes
import SwirlHTTPCore

extension HTTPServer.Response {
  /// The kinds of redirects (RFC 9110 §15.4): whether clients may keep them, and whether they repeat the method.
  public enum Redirect: Sendable {
    /// 303: to a page that GET shows, such as after a form was posted: a reload does not post it again.
    case seeOther
    /// 307: elsewhere for now, with the same method and body.
    case temporary
    /// 308: elsewhere for ever, with the same method and body. Browsers keep it: a mistake stays.
    case permanent

    var status: HTTPResponse.Status {
      switch self {
      case .seeOther: .seeOther
      case .temporary: .temporaryRedirect
      case .permanent: .permanentRedirect
      }
    }
  }

  /// A redirect of this kind. `location` must not come from the client: see `redirect(_:within:or:)`.
  public static func redirect(_ kind: Redirect, to location: String) -> HTTPServer.Response {
    redirect(to: location, status: kind.status)
  }

  /// A redirect to a page of this site that the client names, such as the one to return to after a login.
  ///
  /// ```swift
  /// .redirect(.seeOther, within: request.queryValue("next"), or: "/")
  /// ```
  ///
  /// - Parameters:
  ///   - kind: the kind of the redirect.
  ///   - target: a path with a query. Whatever a browser would take for a URL of another site, such as `//evil.test`,
  ///     `/\evil.test` or `https://evil.test`, is not used.
  ///   - other: where to go then, and without a target.
  public static func redirect(_ kind: Redirect, within target: String?, or other: String) -> HTTPServer.Response {
    redirect(kind, to: target.flatMap { $0.isOfThisSite ? $0 : nil } ?? other)
  }
}

extension String {
  /// Whether it is a path whatever page it is resolved at (WHATWG URL §4.4). Browsers take a backslash for a slash, and
  /// remove tabs and line breaks.
  fileprivate var isOfThisSite: Bool {
    let bytes = utf8
    return bytes.first == UInt8(ascii: "/") && bytes.dropFirst().first != UInt8(ascii: "/")
      && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
  }
}
