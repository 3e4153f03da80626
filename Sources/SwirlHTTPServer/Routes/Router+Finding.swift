import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore

extension Router {
  /// The handler for a request, which gets the facts of its route.
  func handler(for request: inout HTTPServer.Request) -> HTTPServer.Handler {
    if let route = table.route(of: request.head) { return enter(route, &request) }
    return handlerWithoutRoute(Array(request.path.utf8), request.method, &request)
  }

  private func enter(_ route: Route, _ request: inout HTTPServer.Request) -> HTTPServer.Handler {
    request.context = if let context = request.context { route.context.with(context.values) } else { route.context }
    return route.handler(table.version)
  }

  /// - Parameter path: `/` for an absolute URI without one, `*`, or empty (RFC 9112 §3.2).
  private func handlerWithoutRoute(
    _ path: [UInt8], _ method: HTTPRequest.Method, _ request: inout HTTPServer.Request
  ) -> HTTPServer.Handler {
    if request.head.targetForm == .absolute, let route = table.route(for: path.span, method) {
      return enter(route, &request)
    }
    switch request.head.targetForm {
    case .asterisk: return answer(.options(table.endpoints.allowedMethods), in: self)
    // A tunnel needs a handler without a router.
    case .authority: return answer(.notAllowed(table.endpoints.allowedMethods), in: self)
    case .origin, .absolute: break
    }
    let endpoints = table.endpoints(for: path.span)
    if let group = endpoints.first?.routes.first?.group {
      let methods = endpoints.allowedMethods
      return answer(method == .options ? .options(methods) : .notAllowed(methods), in: group)
    }
    if trailingSlash != .strict, let other = withOtherEnd(path), let route = table.route(for: other.span, method) {
      if trailingSlash == .ignore { return enter(route, &request) }
      let location = String(decoding: other, as: UTF8.self) + (request.query.map { "?\($0)" } ?? "")
      return answer(.moved(location), in: route.group)
    }
    return answer(.notFound, in: self)
  }

  /// The path with a slash added or removed at its end; nil if a client would take that for the URL of another
  /// server.
  private func withOtherEnd(_ path: [UInt8]) -> [UInt8]? {
    if path.count < 2 || path[1] == UInt8(ascii: "/") || path[1] == UInt8(ascii: "\\") { return nil }
    return path.last == UInt8(ascii: "/") ? path.dropLast() : path + [UInt8(ascii: "/")]
  }

  /// What a router answers by itself.
  private enum Answer {
    case options([HTTPRequest.Method])
    case notAllowed([HTTPRequest.Method])
    case moved(String)
    case notFound
  }

  private func answer(_ answer: Answer, in group: RouteGroup) -> HTTPServer.Handler {
    let handler = HTTPServer.Handler.plain { _ in
      switch answer {
      case .options(let methods): return .status(.noContent).with(.allow, methods.fieldValue)
      case .notAllowed(let methods):
        throw HTTPServer.StatusError(.methodNotAllowed, headers: [.allow: methods.fieldValue])
      case .moved(let location): return .redirect(to: location, status: .permanentRedirect)
      case .notFound: throw HTTPServer.StatusError(.notFound)
      }
    }
    return handler.within(group.allInterceptors)
  }
}

extension [HTTPRequest.Method] {
  fileprivate var fieldValue: String { map(\.rawValue).joined(separator: ", ") }
}
