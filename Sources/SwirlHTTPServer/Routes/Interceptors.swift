public import SwirlDeferred

extension HTTPServer {
  /// Passes a request on: to the next interceptor, and from the last one to the handler. Fails with the error that a
  /// handler throws, also with a ``StatusError``.
  public typealias Next = (_ request: Request) -> Deferred<Response>

  /// A function around handlers. It may change the request, answer without the handler, and change the response. The
  /// client's `HTTPClient.Interceptor` has the same shape.
  public typealias Interceptor = (_ request: Request, _ next: @escaping Next) throws -> Deferred<Response>
}

extension RouteGroup {
  /// Puts `interceptor` around the routes of this group and of the groups in it, also around those that were added
  /// before; around a whole ``Router`` also where no route is found. The one that was added first sees a request first,
  /// and its response last; those of an outer group are outside.
  ///
  /// ```swift
  /// router.intercept { request, next in
  ///   guard request["X-Key"] == key else { return .status(.unauthorized) }
  ///   return next(request).addCallback { response in response.with("X-Frame-Options", "DENY") }
  /// }
  /// ```
  ///
  /// It is called on the reactor's thread. If the client disconnects, the Deferred that it returned is cancelled. For a
  /// streaming route the request has no body; its handler gets the request that the interceptors have passed on, with
  /// the stream. aiohttp: `middlewares`.
  public final func intercept(_ interceptor: @escaping HTTPServer.Interceptor) {
    add(interceptor)
  }

  /// Like `intercept`, with an async function.
  ///
  /// ```swift
  /// router.interceptAwaiting { request, next in
  ///   guard try await isKnown(request["X-Token"]) else { return .status(.unauthorized) }
  ///   return try await next(request)
  /// }
  /// ```
  public final func interceptAwaiting(
    _ interceptor:
      @escaping (_ request: HTTPServer.Request, _ next: (HTTPServer.Request) async throws -> HTTPServer.Response)
      async throws -> HTTPServer.Response
  ) {
    add { request, next in
      Deferred { try await interceptor(request) { try await next($0).value } }
    }
  }
}
