extension CookieJar {
  /// Stores a cookie from a server. It replaces the one with the same name, domain and path, and removes that if the
  /// new one has expired. It reports refused cookies to ``onRefused`` (RFC 6265bis §5.6, §5.7).
  ///
  /// - Parameters:
  ///   - value: the value of one Set-Cookie field.
  ///   - url: the URL of the request whose response had the field.
  public func store(setCookie value: String, from url: String) { store(setCookie: Array(value.utf8), from: url) }

  package func store(setCookie value: String, from url: HTTPURL) { store(setCookie: Array(value.utf8), from: url) }

  package func store(setCookie value: [UInt8], from url: String) {
    do throws(HTTPURL.Malformed) {
      store(setCookie: value, from: try HTTPURL(url))
    } catch {
      onRefused?(String(decoding: value, as: UTF8.self), error.reason)
    }
  }

  package func store(setCookie value: [UInt8], from url: HTTPURL) {
    do throws(SetCookie.Refusal) {
      let said = try SetCookie(value)
      let now = now()
      let cookie = try Self.cookie(said, from: url, at: now)
      if !cookie.isSecure && !url.isTrusted && store.overlaysSecure(cookie) {
        throw SetCookie.Refusal("a secure cookie of this name is there: it is not replaced over an insecure connection")
      }
      try keep(cookie, at: now)
    } catch {
      onRefused?(String(decoding: value, as: UTF8.self), error.reason)
    }
  }

  private static func cookie(
    _ said: SetCookie, from url: HTTPURL, at now: Int
  ) throws(SetCookie.Refusal) -> Cookie {
    let (domain, isHostOnly) = try scope(of: said, from: url.origin.host)
    // Max-Age overrides Expires, in any order. A later time is reduced to the limit.
    let expires = said.maxAge.map { now + $0 } ?? said.expires.map { min($0, now + SetCookie.ageLimit) }
    let cookie = Cookie(
      name: said.name, value: said.value, domain: domain, isHostOnly: isHostOnly, path: said.path ?? url.defaultPath,
      expires: expires, isSecure: said.isSecure, isHTTPOnly: said.isHTTPOnly, sameSite: said.sameSite, creation: now,
      lastAccess: now, rawPair: said.rawPair)
    if cookie.isSecure && !url.isTrusted {
      throw SetCookie.Refusal("it is Secure, and came over an insecure connection")
    }
    if let problem = cookie.problem { throw SetCookie.Refusal(problem) }
    // The prefix requires an explicit Path, even if the default path is the same.
    if !said.namesPath && cookie.name.utf8.prefix(7).lowercasedText == "__host-" {
      throw SetCookie.Refusal("its prefix needs Path=/")
    }
    return cookie
  }

  /// Steps 7 to 10 of §5.7.
  private static func scope(
    of said: SetCookie, from host: String
  ) throws(SetCookie.Refusal) -> (domain: String, isHostOnly: Bool) {
    let domain = said.domain
    if domain.isEmpty { return (host, true) }
    guard host.domainMatches(domain) else {
      throw SetCookie.Refusal("its domain \(domain.debugDescription) is neither \(host) nor above it")
    }
    // An address has no hosts below it, and the hosts below a public suffix belong to strangers.
    if host.hasSameBytes(as: domain) && (host.isAddress || PublicSuffixes.contains(domain)) { return (host, true) }
    return (domain, false)
  }

  /// Adds an accepted cookie to the jar.
  package func keep(_ cookie: Cookie, at now: Int) throws(SetCookie.Refusal) {
    if cookie.isExpired(at: now) {
      store.remove(from: cookie.domain) { $0.cookie.replaces(cookie) }
    } else if !store.insert(cookie, at: now) {
      throw SetCookie.Refusal(
        "\(cookie.domain) has \(CookieStore.domainLimit) secure cookies, and this one is not secure")
    }
  }
}
