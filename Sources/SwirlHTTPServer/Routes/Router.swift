import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore

/// Finds the handler of a request by its method and path.
///
/// ```swift
/// let router = Router()
/// router.get("/") { _ in .text("hello\n") }
/// router.get("/users/{id}") { request in try .json(user(request.parameter("id", as: Int.self))) }
/// router.get("/slow") { _ in Deferred { try await page() } }
/// router.streaming(.put, "/files/{path*}") { request in store(request.body, try request.parameter("path")) }
/// let server = HTTPServer(router)
/// ```
///
/// A parameter, `{id}`, takes one segment of the path that is not empty; `{path*}`, at the end, takes the rest of it,
/// which may be empty. Braces, because they can't be in a path that is sent, as a colon and an asterisk can; a whole
/// segment, so that of two routes it is plain which one is more exact. Other text is compared without regard to its
/// percent-encoding, but an encoded slash does not split. At each segment text comes before a parameter, and that
/// before the rest; a route without the request's method leaves it to the next one that matches. The order in which
/// routes are added makes no difference. The cost of a match grows with the length of the path, not with the number of
/// routes.
///
/// By itself a router answers HEAD by the GET route, OPTIONS (also `OPTIONS *`) with the methods in Allow, another
/// method with 405 and Allow, and other paths with 404 (RFC 9110 §9.3.2, §9.3.7, §15.5.5, §15.5.6).
///
/// A route that is not well-formed, or is for the same requests as another one, ends the program when it is added, with
/// a message that names both. Routes may be added while a server runs.
///
/// Tornado: `Application`; aiohttp: `UrlDispatcher`; Hummingbird: `Router`.
public final class Router: RouteGroup {
  /// What to do with a path that has a route only with, or only without, a slash at its end.
  public enum TrailingSlash: Sendable {
    /// It is another path: 404. The default, as in Tornado and aiohttp.
    case strict
    /// Redirects to the path that has a route: 308, which keeps method and body. Go's and Starlette's way.
    case redirect
    /// The route answers, as in Hummingbird.
    case ignore
  }

  /// What to do with a path that has a route only with, or only without, a slash at its end.
  public var trailingSlash = TrailingSlash.strict

  /// A router without routes.
  public init() { super.init("", in: nil, RouteTable()) }

  /// The URL path of the route with this name, with values in place of its parameters, percent-encoded. Tornado:
  /// `reverse_url`; aiohttp: `url_for`.
  ///
  /// ```swift
  /// router.get("/users/{id}", name: "user") { … }
  /// try router.url(for: "user", ["id": 7], query: ["tab": "posts"])      // /users/7?tab=posts
  /// ```
  ///
  /// - Throws: an error that says what is wrong: for an unknown name, a missing or unknown parameter, and a value that
  ///   would give another path: an empty one, `.` or `..`; of the route `/{path*}` also one that begins with a slash,
  ///   whose URL would name another server.
  public func url(
    for name: String, _ parameters: [String: any CustomStringConvertible] = [:],
    query: KeyValuePairs<String, String> = [:]
  ) throws -> String {
    guard let route = table.named[name] else { throw UnknownRouteError(name: name, known: table.named.keys.sorted()) }
    let path = try route.pattern.path(parameters.mapValues(\.description))
    if query.isEmpty { return path }
    return path + "?" + query.map { "\($0.key.queryEncoded)=\($0.value.queryEncoded)" }.joined(separator: "&")
  }

  /// The methods and paths of its routes, in the order of paths: `GET /users/{id}`.
  public var routes: [String] {
    table.endpoints.flatMap(\.routes).sorted { ($0.pattern.text, $0.place) < ($1.pattern.text, $1.place) }
      .map { "\($0.method?.rawValue ?? "*") \($0.pattern)" }
  }
}

/// A mistake of the program.
private struct UnknownRouteError: Error, CustomStringConvertible {
  let name: String
  let known: [String]
  var description: String {
    "no route has the name \"\(name)\"\(known.isEmpty ? "" : ": there are \(known.joined(separator: ", "))")"
  }
}
