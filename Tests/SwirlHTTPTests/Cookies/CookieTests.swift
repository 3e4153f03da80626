import SwirlDeferred
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore

/// Cookies, by RFC 6265bis (draft-ietf-httpbis-rfc6265bis-22).
@Suite struct CookieTests {}

/// A jar with a manual clock, and its refused cookies.
final class JarBench {
  let jar: CookieJar
  /// Tuesday, 14 November 2023, 22:13:20.
  var now = 1_700_000_000
  private(set) var clockReads = 0
  private(set) var refused: [(cookie: String, reason: String)] = []

  init(_ jar: CookieJar = CookieJar()) {
    self.jar = jar
    jar.now = { [unowned self] in
      clockReads += 1
      return now
    }
    jar.onRefused = { [unowned self] in refused.append(($0, $1)) }
  }

  func store(_ values: String..., from url: String = "https://example.com/") {
    for value in values { jar.store(setCookie: value, from: url) }
  }

  /// Why the last cookie was refused.
  var reason: String { refused.last?.reason ?? "" }

  /// The jar's only cookie.
  func only() throws -> Cookie {
    #expect(jar.cookies.count == 1)
    return try #require(jar.cookies.first, "refused: \(reason)")
  }
}

/// Time units in seconds.
enum Seconds {
  static let day = 86_400
  static let limit = 400 * day
}
