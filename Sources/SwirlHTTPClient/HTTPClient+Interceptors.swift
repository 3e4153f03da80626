public import SwirlDeferred
import SwirlHTTPCore

extension HTTPClient {
  /// Sends a request on: to the next interceptor, and from the last one to the server.
  public typealias Next = (_ request: Request) -> Deferred<Response>

  /// A function around the sending of requests. It may change the request, send it once, more often or not at all, and change what
  /// comes back.
  public typealias Interceptor = (_ request: Request, _ next: @escaping Next) throws -> Deferred<Response>

  /// Puts `interceptor` around the requests of this client: the one that was added first sees a request first, and its response
  /// last.
  ///
  /// ```swift
  /// client.intercept { request, next in
  ///   var request = request
  ///   request.headers[.authorization] = token
  ///   return next(request)
  /// }
  /// ```
  ///
  /// It is called on the reactor's thread. Cancelling the request cancels the Deferred that it returned. Redirects are followed
  /// beneath it, and what `stream` asks for passes by.
  public func intercept(_ interceptor: @escaping Interceptor) { interceptors.append(interceptor) }

  /// As `intercept`, with a function that awaits.
  ///
  /// ```swift
  /// client.interceptAwaiting { request, next in
  ///   var request = request
  ///   request.headers[.authorization] = try await freshToken()
  ///   return try await next(request)
  /// }
  /// ```
  public func interceptAwaiting(
    _ interceptor: @escaping (_ request: Request, _ next: (Request) async throws -> Response) async throws -> Response
  ) {
    intercept { request, next in
      Deferred { try await interceptor(request) { try await next($0).value } }
    }
  }

  /// Sends a request through the interceptors from that at `index` on.
  func send(_ request: Request, through index: Int) -> Deferred<Response> {
    guard index < interceptors.count else {
      let exchange = startDirectly(request)
      let deferred = Deferred<Response>(cancelling: exchange)
      exchange.consumer = .deferred(deferred)
      return deferred
    }
    return maybeDeferred {
      try self.interceptors[index](request) { self.send($0, through: index + 1) }
    }
  }
}
