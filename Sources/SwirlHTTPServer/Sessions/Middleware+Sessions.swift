import HTTPTypes
public import Logging
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor
import Synchronization

extension HTTPServer.Middleware {
  /// Sessions in a signed cookie: ``HTTPServer/Request/session``.
  ///
  /// ```swift
  /// router.intercept(.sessions(keys: [key]))
  /// ```
  ///
  /// The values are text in the cookie, readable for its owner, with an HMAC of SHA-256. A cookie with a wrong
  /// signature, an expired one and one that is too long are an empty session, and are logged at the level debug. The
  /// cookie is sent when the session has changed, and anew when half of its lifetime is over or it was signed by an
  /// older key. The response to a handler that has used its session has `Vary: Cookie`. Tornado:
  /// `set_signed_cookie`; aiohttp: aiohttp-session.
  ///
  /// - Parameters:
  ///   - keys: secrets of at least 32 random bytes, such as those of `openssl rand -hex 32`: the first one signs, all
  ///     are accepted. To rotate, put a new one before the others, and remove the old ones when the lifetime is over.
  ///   - cookie: the name of the cookie; one that begins with `__Host-` needs `isSecure`.
  ///   - lifetime: how long a session lasts after its last use, within a factor of two.
  ///   - isSecure: whether only secure connections send it: to be true where the site is on `https`.
  ///   - domain: the domain whose hosts get it; nil for this host alone.
  ///   - logger: for cookies that are not accepted.
  public static func sessions(
    keys: [String], cookie: String = "session", lifetime: Duration = .seconds(14 * 86_400), isSecure: Bool = false,
    domain: String? = nil, logger: Logger = Logger(label: "swirl.http.server")
  ) -> HTTPServer.Middleware {
    require(!keys.isEmpty, "sessions need a key to sign them")
    require(
      keys.allSatisfy { $0.utf8.count >= 32 }, "the key of sessions has less than 32 bytes: `openssl rand -hex 32`")
    require(lifetime > .zero, "sessions of \(lifetime) are over before they begin")
    let seal = SessionSeal(
      keys: keys.map { Array($0.utf8) }, cookie: cookie, lifetime: Int(lifetime.components.seconds))
    let jar = SessionCookie(seal: seal, lifetime: lifetime, isSecure: isSecure, domain: domain)
    do { _ = try jar.removal } catch { require(false, "\(error)") }
    return HTTPServer.Middleware("sessions") { request, next in
      var request = request
      let opened = jar.open(request, logger)
      request[SessionKey.self] = opened.session
      return next(request).addCallback { try jar.seal(opened, into: $0) }.addErrback { error in
        // What a handler has changed before it failed holds, such as a session that it has cleared.
        throw error.with(try jar.seal(opened, into: .status(.ok)).headers)
      }
    }
  }
}

/// The cookie of sessions.
private struct SessionCookie {
  let seal: SessionSeal
  let lifetime: Duration
  let isSecure: Bool
  let domain: String?

  struct Opened {
    let session: HTTPServer.Session
    /// Whether the client has a cookie of this name, valid or not.
    let hasCookie: Bool
    let isStale: Bool
  }

  var removal: HTTPServer.Cookie {
    get throws(HTTPServer.CookieError) { try .removal(of: seal.cookie, domain: domain, isSecure: isSecure) }
  }

  func open(_ request: HTTPServer.Request, _ logger: Logger) -> Opened {
    guard let text = request.cookies[seal.cookie] else {
      return Opened(session: .init([:], isNew: true), hasCookie: false, isStale: false)
    }
    do throws(SessionSeal.Refusal) {
      let (values, isStale) = try seal.open(text, now: WallClock.now)
      return Opened(session: .init(values, isNew: false), hasCookie: true, isStale: isStale)
    } catch {
      logger.debug(
        "\(request.peerAddress?.description ?? "-") \"\(request.requestLine)\": the cookie \(seal.cookie) is no session: \(error.reason)"
      )
      return Opened(session: .init([:], isNew: true), hasCookie: true, isStale: false)
    }
  }

  func seal(_ opened: Opened, into response: HTTPServer.Response) throws -> HTTPServer.Response {
    let state = opened.session.state.withLock { $0 }
    var response = response
    if state.isRead || opened.isStale { response.vary(by: .cookie) }
    if state.values.isEmpty {
      if state.isChanged, opened.hasCookie { response.set(try removal) }
    } else if state.isChanged || opened.isStale {
      let value = seal.close(state.values, now: WallClock.now)
      guard seal.cookie.utf8.count + value.utf8.count <= HTTPServer.Cookie.pairLimit else {
        throw LargeSessionError(bytes: value.utf8.count)
      }
      response.set(
        try HTTPServer.Cookie(seal.cookie, value, maxAge: lifetime, domain: domain, isSecure: isSecure))
    }
    return response
  }
}

/// A mistake of the program.
private struct LargeSessionError: Error, CustomStringConvertible {
  let bytes: Int
  var description: String {
    "a session of \(bytes) bytes is no cookie, which has at most \(HTTPServer.Cookie.pairLimit): keep an ID in it, and the rest at the server"
  }
}
