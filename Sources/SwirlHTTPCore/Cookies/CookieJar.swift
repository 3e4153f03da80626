public import HTTPTypes

/// Stores the cookies that servers set, and selects those for a request (RFC 6265bis). Twisted: `treq`'s cookie jar;
/// Python: `http.cookiejar`.
///
/// ```swift
/// let jar = CookieJar()
/// jar.store(setCookie: "id=7; Path=/; Secure", from: "https://example.com/login")
/// jar.cookieHeader(for: "https://example.com/news")  // "id=7"
/// ```
///
/// A jar belongs to one thread. It holds at most 50 cookies for a domain and about 3,000 in all, for at most 400 days.
/// A secure connection is one over TLS, or to `localhost`, `127.0.0.1` or `[::1]`.
public final class CookieJar {
  /// Called when the jar refuses a cookie: with the value of the Set-Cookie field, or the line or cookie of a file, and
  /// the reason in words. Runs on the jar's thread, before the call that brought the cookie returns.
  public var onRefused: ((_ setCookie: String, _ reason: String) -> Void)?

  package var store = CookieStore()
  /// Seconds since 1970.
  package var now: () -> Int

  /// An empty jar.
  /// - Parameter now: seconds since 1970.
  package init(now: @escaping () -> Int) { self.now = now }

  // MARK: - Requests

  /// The value of the Cookie field for a request: longer paths first, then in the order they were set. nil if no cookie
  /// matches or the URL is malformed.
  ///
  /// - Parameters:
  ///   - url: the URL of the request.
  ///   - isSameSite: false for a request that another site has caused, such as one after a redirect or a link from
  ///     there. It gets only cookies with `SameSite=None`; with safe methods also those with `Lax` or without SameSite.
  ///   - method: the method of the request.
  public func cookieHeader(
    for url: String, isSameSite: Bool = true, method: HTTPRequest.Method = .get
  ) -> String? {
    // Check this before parsing the URL: a client that gets no cookies pays nothing for its jar.
    guard !store.isEmpty, let url = try? HTTPURL(url) else { return nil }
    return cookieHeader(for: url, isSameSite: isSameSite, method: method)
  }

  func cookieHeader(for url: HTTPURL, isSameSite: Bool = true, method: HTTPRequest.Method = .get) -> String? {
    cookieBytes(for: url, isSameSite: isSameSite, method: method).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Like `cookieHeader`, as the bytes that servers sent.
  package func cookieBytes(for url: String, method: HTTPRequest.Method) -> [UInt8]? {
    guard !store.isEmpty, let url = try? HTTPURL(url) else { return nil }
    return cookieBytes(for: url, isSameSite: true, method: method)
  }

  private func cookieBytes(for url: HTTPURL, isSameSite: Bool, method: HTTPRequest.Method) -> [UInt8]? {
    guard !store.isEmpty else { return nil }
    let now = now()
    let entries = entries(for: url, at: now) { $0.goesAlong(isSameSite: isSameSite, isSafe: method.isSafe) }
    guard !entries.isEmpty else { return nil }
    store.touch(entries, at: now)
    return Array(entries.map(\.cookie.pairBytes).joined(separator: "; ".utf8))
  }

  /// The cookies for `url`, in sending order.
  private func entries(for url: HTTPURL, at now: Int, where isWanted: (Cookie) -> Bool) -> [CookieStore.Entry] {
    let path = url.path
    let isTrusted = url.isTrusted
    return store.entries(for: url.origin.host) {
      !$0.isExpired(at: now) && ($0.isSecure ? isTrusted : true) && path.pathMatches($0.path) && isWanted($0)
    }
    .sorted {
      let (a, b) = ($0.cookie.path.utf8.count, $1.cookie.path.utf8.count)
      return a == b ? $0.order < $1.order : a > b
    }
  }

  // MARK: - Looking

  /// All cookies that have not expired, in the order they were set.
  public var cookies: [Cookie] {
    removeExpired()
    return store.entries.map(\.cookie)
  }

  /// Whether it has no cookies.
  public var isEmpty: Bool {
    removeExpired()
    return store.isEmpty
  }

  /// The cookie of this name that a request to `url` sends first. Reading it does not count as use.
  public subscript(_ name: String, for url: String) -> Cookie? {
    guard !store.isEmpty, let url = try? HTTPURL(url) else { return nil }
    return entries(for: url, at: now()) { $0.name.hasSameBytes(as: name) }.first?.cookie
  }

  // MARK: - Removing

  /// Removes the cookie with the name, domain and path of `cookie`, whatever its value is.
  public func remove(_ cookie: Cookie) {
    store.remove(from: cookie.domain) { $0.cookie.replaces(cookie) }
  }

  /// Removes the cookies for which `isUnwanted` is true.
  public func removeAll(where isUnwanted: (Cookie) throws -> Bool) rethrows {
    // Evaluate the predicate before removing: it may throw, or read the jar, which must be consistent then.
    let unwanted = try Set(store.entries.filter { try isUnwanted($0.cookie) }.map(\.order))
    store.removeAll { unwanted.contains($0.order) }
  }

  /// Removes the session cookies, as a browser does when it closes.
  public func removeSessionCookies() { store.removeAll { $0.cookie.isSession } }

  /// Removes all cookies.
  public func removeAll() { store = CookieStore() }

  private func removeExpired() {
    guard !store.isEmpty else { return }
    let now = now()
    store.removeAll { $0.cookie.isExpired(at: now) }
  }
}

extension Cookie {
  /// RFC 6265bis §5.8.3: whether a request that another site may have caused sends it.
  fileprivate func goesAlong(isSameSite: Bool, isSafe: Bool) -> Bool {
    if isSameSite { return true }
    return switch sameSite {
    case .none: true
    case .lax, .default: isSafe
    case .strict: false
    }
  }
}

extension HTTPRequest.Method {
  /// RFC 9110 §9.2.1.
  fileprivate var isSafe: Bool { self == .get || self == .head || self == .options || self == .trace }
}
