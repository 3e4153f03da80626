extension HTTPClient {
  /// A piece that a request passes between the call and its connection: the list of them is
  /// ``HTTPClient/middleware``.
  public struct Middleware: Equatable, CustomStringConvertible {
    /// Where `intercept` puts a piece: the first is the outermost.
    enum Place: Int {
      case tracing, metrics, log, call, redirects, hop, cache, retry, rateLimit, cookies, authentication, decoding

      /// The exchange does the work of these, beneath all interceptors.
      var isBuiltIn: Bool { !builtIn.isEmpty }
    }

    /// What it does, if it is not built in. A class, so that each piece is equal to its copies only.
    private final class Action {
      enum Kind {
        case interceptor(Interceptor)
        case cache(HTTPCache)
      }
      let kind: Kind
      init(_ kind: Kind) { self.kind = kind }
    }

    /// Such as `redirects`.
    public let name: String
    let place: Place
    private let action: Action?

    private init(_ name: String, _ place: Place, _ kind: Action.Kind? = nil) {
      self.name = name
      self.place = place
      action = kind.map { Action($0) }
    }

    /// - Parameters:
    ///   - name: what the list shows.
    ///   - interceptor: called on the reactor's thread for each request.
    public init(_ name: String, _ interceptor: @escaping Interceptor) { self.init(name, .call, interceptor) }

    init(_ name: String, _ place: Place, _ interceptor: @escaping Interceptor) {
      self.init(name, place, .interceptor(interceptor))
    }

    /// Follows redirects, as ``Configuration/redirects`` and ``Request/redirects`` say. Pieces before it in the list
    /// see the whole call, pieces behind it each hop. Without it the redirect is the response.
    public static var redirects: Middleware { Middleware("redirects", .redirects) }

    /// Sends and stores the cookies of ``HTTPClient/cookies``.
    public static var cookies: Middleware { Middleware("cookies", .cookies) }

    /// Sends the credentials of ``Request/authentication``, and answers the Digest challenges of servers. What a proxy
    /// wants is answered without it.
    public static var authentication: Middleware { Middleware("authentication", .authentication) }

    /// Announces and decodes content codings, as ``Configuration/decodesContent`` and ``Request/decodesContent`` say.
    public static var decoding: Middleware { Middleware("decoding", .decoding) }

    /// Answers from `cache`, and stores there (RFC 9111, as a private cache): see `intercept`.
    public static func cache(_ cache: HTTPCache) -> Middleware { Middleware("cache", .cache, .cache(cache)) }

    /// Two are equal if one is a copy of the other, or both are the same built-in piece.
    public static func == (a: Middleware, b: Middleware) -> Bool { a.place == b.place && a.action === b.action }

    /// Its name.
    public var description: String { name }

    /// Its function for `client`, which owns the function; nil for a built-in piece.
    func interceptor(of client: HTTPClient) -> Interceptor? {
      switch action?.kind {
      case nil: nil
      case .interceptor(let interceptor): interceptor
      case .cache(let cache): { [unowned client] request, next in cache.answer(request, of: client, next) }
      }
    }
  }

  /// The built-in pieces that are in the list.
  struct BuiltInMiddleware: OptionSet {
    let rawValue: UInt8
    static let redirects = Self(rawValue: 1)
    static let cookies = Self(rawValue: 2)
    static let authentication = Self(rawValue: 4)
    static let decoding = Self(rawValue: 8)
  }

  /// The pieces that each request passes, the outermost first; a response passes them in the opposite order.
  ///
  /// ```swift
  /// print(client.middleware)                                    // [redirects, cookies, authentication, decoding]
  /// client.intercept(.retry())                                  // adds it at its place
  /// client.middleware.removeAll { $0 == .redirects }            // leaves it out
  /// client.middleware.insert(.init("token") { … }, at: 0)       // adds it at a place of your own
  /// ```
  ///
  /// `intercept` keeps this order: tracing, metrics, log, interceptors of the whole call, redirects, interceptors of
  /// each hop, cache, retry, rate limit, cookies, authentication, decoding. A list of your own may have any order, but
  /// cookies, authentication and decoding stay the last, in this order: they work on each request that is sent. A
  /// second copy of a built-in piece is dropped.
  ///
  /// A change applies to later requests. Change it on the reactor's thread.
  public var middleware: [Middleware] {
    get { pieces }
    set {
      pieces = newValue.inOrder
      var present = BuiltInMiddleware()
      for piece in pieces { present.formUnion(piece.place.builtIn) }
      builtIns = present
      interceptors = makeInterceptors()
    }
  }

  /// What a request walks, built once. Redirects are a step of their own only above interceptors that see each hop:
  /// otherwise the exchange follows them.
  private func makeInterceptors() -> [Interceptor] {
    let redirects = pieces.firstIndex(of: .redirects)
    let hasHops = redirects.map { pieces[$0...].contains { !$0.place.isBuiltIn } } ?? false
    return pieces.compactMap { piece in
      if piece == .redirects, hasHops {
        return { [unowned self] request, next in RedirectFollower(self, next).send(request) }
      }
      return piece.interceptor(of: self)
    }
  }
}

extension HTTPClient.Middleware.Place {
  fileprivate var builtIn: HTTPClient.BuiltInMiddleware {
    switch self {
    case .redirects: .redirects
    case .cookies: .cookies
    case .authentication: .authentication
    case .decoding: .decoding
    default: []
    }
  }
}

extension [HTTPClient.Middleware] {
  /// The pieces of a client that was not changed.
  static var builtIn: Self { [.redirects, .cookies, .authentication, .decoding] }

  /// The same with the last ones at the end, and each built-in piece once.
  fileprivate var inOrder: Self {
    let last = [HTTPClient.Middleware.cookies, .authentication, .decoding]
    var isFirst = true
    let others = filter { piece in
      if last.contains(piece) { return false }
      if piece != .redirects { return true }
      defer { isFirst = false }
      return isFirst
    }
    return others + last.filter(contains)
  }

  /// Inserts a piece at its place: behind those that are as far out.
  mutating func insert(inOrder piece: HTTPClient.Middleware) {
    let index = lastIndex { $0.place.rawValue <= piece.place.rawValue }.map { $0 + 1 } ?? 0
    insert(piece, at: index)
  }
}
