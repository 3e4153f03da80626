import SwirlDeferred
import SwirlReactor

extension HTTPServer {
  /// A server whose handlers are those of a router.
  ///
  /// ```swift
  /// let server = HTTPServer(router)
  /// try server.listen(8080)
  /// ```
  public convenience init(configuration: Configuration = Configuration(), _ router: Router) {
    self.init(configuration, .routed(router))
  }

  /// The handler of a request: that of its route, which the request then knows; or one that refuses it.
  func handler(for request: inout Request) -> Handler {
    // A request with content was asked for at its head: see `decision(on:)`.
    if mayRefuse, request.head.framing == .none, let refusal = refusal(of: request) {
      return .plain { _ in throw refusal }
    }
    guard case .routed(let router) = handler else { return handler }
    return router.handler(for: &request)
  }
}

extension HTTPServer.Handler {
  var isRouted: Bool { if case .routed = self { true } else { false } }

  /// Calls it with a request whose content is there.
  func call(_ request: HTTPServer.Request, on reactor: Reactor) throws -> Deferred<HTTPServer.Response> {
    switch self {
    case .plain(let handler): .succeed(try handler(request))
    case .deferred(let handler): try handler(request)
    case .streaming(let handler): try handler(HTTPServer.StreamedRequest(request, on: reactor))
    case .routed(let router):
      try router.call(request, on: reactor)
    }
  }
}

extension Router {
  fileprivate func call(_ request: HTTPServer.Request, on reactor: Reactor) throws -> Deferred<HTTPServer.Response> {
    var request = request
    return try handler(for: &request).call(request, on: reactor)
  }
}
