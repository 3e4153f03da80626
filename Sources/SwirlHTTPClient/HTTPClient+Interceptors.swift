public import SwirlDeferred
import SwirlReactor

extension HTTPClient {
  /// Sends a request on: to the next interceptor, and from the last one to the server.
  public typealias Next = (_ request: Request) -> Deferred<StreamedResponse>

  /// A function around the sending of requests. It may change the request, send it any number of times, and change the
  /// response.
  public typealias Interceptor = (_ request: Request, _ next: @escaping Next) throws -> Deferred<StreamedResponse>

  /// Puts `interceptor` around the requests of this client, whether they are fetched, streamed or downloaded: the one
  /// that was added first sees a request first, and its response last.
  ///
  /// ```swift
  /// client.intercept { request, next in
  ///   var request = request
  ///   request.headers[.authorization] = token
  ///   return next(request)
  /// }
  /// ```
  ///
  /// A response comes to it as soon as its head is there. Who needs the content asks for it with
  /// ``StreamedResponse/collect(atMost:)``, and answers with ``StreamedResponse/init(_:)``; who changes it, with
  /// ``StreamedResponse/mapBody(_:)``; who answers otherwise reads it to its end with
  /// ``StreamedResponse/discard(atMost:)``, to keep the connection.
  ///
  /// It is called on the reactor's thread. Cancelling the request cancels the Deferred that it returned.
  ///
  /// - Parameters:
  ///   - eachHop: whether it sees each request that is sent, also those to which redirects lead; otherwise they are
  ///     followed beneath it. The interceptors of each hop are beneath all that see the whole call.
  ///   - interceptor: the interceptor.
  public func intercept(eachHop: Bool = false, _ interceptor: @escaping Interceptor) {
    intercept(Middleware("interceptor", eachHop ? .hop : .call, interceptor))
  }

  /// Adds a piece such as `.retry()` at its place in ``middleware``.
  ///
  /// ```swift
  /// client.intercept(.retry())
  /// client.intercept(.log(to: logger))
  /// ```
  public func intercept(_ piece: Middleware) { middleware.insert(inOrder: piece) }

  /// Like `intercept`, with an async function.
  ///
  /// ```swift
  /// client.interceptAwaiting { request, next in
  ///   var request = request
  ///   request.headers[.authorization] = try await freshToken()
  ///   return try await next(request)
  /// }
  /// ```
  public func interceptAwaiting(
    eachHop: Bool = false,
    _ interceptor:
      @escaping (_ request: Request, _ next: (Request) async throws -> StreamedResponse) async throws ->
      StreamedResponse
  ) {
    intercept(eachHop: eachHop) { request, next in
      Deferred { try await interceptor(request) { try await next($0).value } }
    }
  }

  /// Sends a request through the interceptors of `chain`. A change of the list leaves the chain of this request as it
  /// is.
  private func send(
    _ request: Request, through chain: ArraySlice<Interceptor>, unless cancellation: Request.Cancellation?
  ) -> Deferred<StreamedResponse> {
    if cancellation?.isCancelled == true { return .fail(CancelledError()) }
    guard let interceptor = chain.first else { return streamDirectly(request) }
    let answer = maybeDeferred {
      try interceptor(request) { self.send($0, through: chain.dropFirst(), unless: cancellation) }
    }
    // It has cancelled its own call.
    if cancellation?.isCancelled == true { answer.cancel() }
    return answer
  }

  /// Fetches: streams through the interceptors, and collects. The time and the size of the whole are limited where it
  /// comes from the network. `request` is as `asCall` made it.
  func fetchThroughInterceptors(_ request: Request) -> Deferred<Response> {
    let answer = send(request, through: interceptors[...], unless: request.call?.cancellation).addCallback {
      [limit = configuration.maximumBodySize] in $0.collect(atMost: limit)
    }
    return request.withinDeadline(answer, on: reactor)
  }

  /// Streams through the interceptors; what it gives never fires before this has returned.
  func streamThroughInterceptors(_ request: Request, _ site: CallSite) -> Deferred<StreamedResponse> {
    let request = request.withTracingContext.asCall(isCollected: false)
    var sent: Deferred<StreamedResponse>?
    let streamed = Deferred<StreamedResponse>(
      canceller: { deferred in
        request.call?.cancellation.cancel()
        if let sent { sent.cancel() } else { deferred.errback(CancelledError()) }
      }, file: site.file, line: site.line)
    // In the next turn: those that await need the reactor to run, and an interceptor may have the answer at once.
    reactor.callSoon { [self] in
      if streamed.isFired { return }
      let answer = request.withinDeadline(
        send(request, through: interceptors[...], unless: request.call?.cancellation), on: reactor)
      sent = answer
      answer.addBoth { result in
        sent = nil
        if !streamed.isFired { streamed.fire(with: result) }
      }
      // An interceptor has cancelled it before it returned.
      if streamed.isFired { answer.cancel() }
    }
    return streamed
  }
}

extension HTTPClient.Request {
  /// As the interceptors get it first.
  func asCall(isCollected: Bool) -> Self {
    var request = self
    request.call = Call(isCollected: isCollected, names: Set(headers.lazy.map(\.name)))
    return request
  }
}
