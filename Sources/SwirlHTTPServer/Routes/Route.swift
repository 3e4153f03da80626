import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore

/// A route that was added: a method, a path, and the handler.
final class Route {
  /// nil for all methods without a route of their own.
  let method: HTTPRequest.Method?
  let pattern: RoutePattern
  let name: String?
  let context: RequestContext
  private let handler: HTTPServer.Handler
  let group: RouteGroup
  /// Where it was added.
  let place: String
  /// The handler within the interceptors that there were at a version of the table.
  private var prepared: HTTPServer.Handler
  private var version = -1

  init(
    _ method: HTTPRequest.Method?, _ pattern: RoutePattern, _ options: RouteOptions, _ handler: HTTPServer.Handler,
    in group: RouteGroup
  ) {
    self.method = method
    self.pattern = pattern
    name = options.name
    context = RequestContext(pattern, bodyLimit: options.bodyLimit)
    self.handler = handler
    prepared = handler
    self.group = group
    place = options.place
  }

  /// The handler within the interceptors of its groups.
  func handler(_ version: Int) -> HTTPServer.Handler {
    if self.version != version {
      prepared = handler.within(group.allInterceptors)
      self.version = version
    }
    return prepared
  }
}

extension Route: CustomStringConvertible {
  /// `GET /users/{id} (Users.swift:7)`
  var description: String { "\(method?.rawValue ?? "any method") \(pattern) (\(place))" }
}

/// What a route has beside its method, path and handler.
struct RouteOptions {
  var name: String?
  var bodyLimit: Int?
  var place: String

  init(_ name: String?, _ bodyLimit: Int?, _ file: StaticString, _ line: UInt) {
    self.name = name
    self.bodyLimit = bodyLimit
    place = "\(file):\(line)"
  }
}

extension HTTPServer.Handler {
  /// The handler with interceptors around it, the outermost first.
  func within(_ interceptors: [HTTPServer.Interceptor]) -> HTTPServer.Handler {
    if interceptors.isEmpty { return self }
    switch self {
    case .plain(let handler):
      return .deferred { request in try Self.send(request, interceptors[...]) { .succeed(try handler($0)) } }
    case .deferred(let handler):
      return .deferred { request in try Self.send(request, interceptors[...], handler) }
    case .streaming(let handler):
      return .streaming { streamed in
        try Self.send(streamed.request, interceptors[...]) { try handler(streamed.with($0)) }
      }
    case .routed: preconditionFailure("a route has a router for its handler")
    }
  }

  private static func send(
    _ request: HTTPServer.Request, _ chain: ArraySlice<HTTPServer.Interceptor>,
    _ handler: @escaping (HTTPServer.Request) throws -> Deferred<HTTPServer.Response>
  ) throws -> Deferred<HTTPServer.Response> {
    guard let interceptor = chain.first else { return try handler(request) }
    return try interceptor(request) { request in
      maybeDeferred { try send(request, chain.dropFirst(), handler) }
    }
  }
}
