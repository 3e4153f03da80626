import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore

/// Routes whose paths begin with the same prefix, with interceptors of their own: made by ``group(_:)``, and a
/// ``Router`` is one without a prefix.
///
/// ```swift
/// let api = router.group("/api")
/// api.intercept { request, next in
///   guard request["X-Key"] == key else { throw HTTPServer.StatusError(.unauthorized) }
///   return next(request)
/// }
/// api.get("/users/{id}") { request in try .json(users[request.parameter("id", as: Int.self)]) }
/// ```
///
/// aiohttp: `add_subapp`; Hummingbird: `RouterGroup`.
public class RouteGroup {
  /// What the paths of its routes begin with; empty for a router.
  public final let prefix: String
  /// The group around it; nil for a router.
  private final let parent: RouteGroup?
  final let table: RouteTable
  private final var interceptors: [HTTPServer.Interceptor] = []

  init(_ prefix: String, in parent: RouteGroup?, _ table: RouteTable) {
    self.prefix = prefix
    self.parent = parent
    self.table = table
  }

  /// A group within this one.
  ///
  /// - Parameter prefix: what the paths of its routes begin with, such as `/api` or `/users/{id}`; empty for routes
  ///   that share interceptors alone.
  public final func group(_ prefix: String = "") -> RouteGroup {
    if prefix.isEmpty { return RouteGroup(self.prefix, in: self, table) }
    let whole = self.prefix + prefix
    require(
      prefix.hasPrefix("/") && !prefix.hasSuffix("/"),
      "the prefix \"\(prefix)\" of a group does not begin with a slash, or ends with one")
    do { _ = try RoutePattern(whole) } catch { require(false, "a group can't be made: \(error)") }
    return RouteGroup(whole, in: self, table)
  }

  /// A group within this one, which `body` fills.
  ///
  /// ```swift
  /// router.group("/admin") { admin in
  ///   admin.get("/log") { _ in .text(log) }
  /// }
  /// ```
  public final func group(_ prefix: String = "", _ body: (RouteGroup) throws -> Void) rethrows {
    try body(group(prefix))
  }

  final func add(_ interceptor: @escaping HTTPServer.Interceptor) {
    interceptors.append(interceptor)
    table.version += 1
  }

  /// Those around its routes, the outermost first.
  final var allInterceptors: [HTTPServer.Interceptor] { (parent?.allInterceptors ?? []) + interceptors }

  final func add(
    _ method: HTTPRequest.Method?, _ path: String, _ options: RouteOptions, _ handler: HTTPServer.Handler
  ) {
    do {
      try table.add(Route(method, RoutePattern(prefix + path), options, handler, in: self))
    } catch {
      require(false, "a route can't be added at \(options.place): \(error)")
    }
  }
}

@available(*, unavailable, message: "Routes belong to the thread of their reactor")
extension RouteGroup: Sendable {}
