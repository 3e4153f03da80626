import HTTPTypes
import SwirlHTTPCore

extension HTTPServer.Response {
  /// A copy that sets this cookie; one of the same name, domain and path that it has set before is dropped (RFC 6265bis
  /// §4.1.1).
  public func with(_ cookie: HTTPServer.Cookie) -> HTTPServer.Response {
    var copy = self
    copy.set(cookie)
    return copy
  }

  /// Sets a cookie. See above.
  public mutating func set(_ cookie: HTTPServer.Cookie) {
    var all = fields ?? HTTPFields()
    let others = all[fields: .setCookie].filter { !cookie.replaces($0.value) }
    all[fields: .setCookie] = others + [HTTPField(name: .setCookie, value: cookie.description)]
    fields = all
  }
}

extension HTTPServer.Cookie {
  /// Whether the client would keep this one in the place of another.
  fileprivate func replaces(_ field: String) -> Bool {
    guard let other = try? SetCookie(field) else { return false }
    return other.name == name && other.domain == (domain?.lowercased() ?? "") && other.path == path
  }
}
