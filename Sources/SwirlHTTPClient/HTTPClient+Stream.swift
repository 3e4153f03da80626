public import SwirlDeferred

extension HTTPClient {
  /// Asks for `request` and gives the response, whatever its status, as soon as its head is there; the body is read from
  /// ``StreamedResponse/body`` while it comes.
  ///
  /// ```swift
  /// let response = try await client.stream(HTTPClient.Request(url)).value
  /// for try await bytes in response.body { … }
  /// ```
  ///
  /// The Deferred fires on the reactor's thread, and never before this has returned; what it gives may be used on any.
  /// Cancelling it before that ends the request. The request's timeout counts until the head is there; from then on for each
  /// time in which nothing comes, without the time in which the loop makes the server wait. `maximumBodySize` does not
  /// apply: nothing is collected.
  ///
  /// A body that was read to its end leaves its connection to the next request; one that was not has it closed.
  /// Fails with ``HTTPError``, which names the URL, or with `CancelledError`. aiohttp: `session.get`; Tornado:
  /// `streaming_callback`; Twisted: `Response.deliverBody`.
  public func stream(
    _ request: Request, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<StreamedResponse> {
    if !interceptors.isEmpty { return streamThroughInterceptors(request, CallSite(file: file, line: line)) }
    return streamDirectly(request, CallSite(file: file, line: line))
  }

  /// As `stream`, without the interceptors.
  func streamDirectly(_ request: Request, _ site: CallSite = CallSite()) -> Deferred<StreamedResponse> {
    let exchange = startDirectly(request)
    let deferred = Deferred<StreamedResponse>(
      canceller: { _ in exchange.cancel() }, file: site.file, line: site.line)
    exchange.consumer = .stream(ResponseStream(deferred))
    return deferred
  }
}
