public import SwirlDeferred

extension HTTPClient {
  /// Sends `request` and gives the response, with any status, when its head has arrived; read the body from
  /// ``StreamedResponse/body`` as it arrives.
  ///
  /// ```swift
  /// let response = try await client.stream(HTTPClient.Request(url)).value
  /// for try await bytes in response.body { … }
  /// ```
  ///
  /// The Deferred fires on the reactor's thread, and never before this has returned; the response may be used on any
  /// thread. Cancelling it earlier ends the request. The request's timeout applies up to the head; after that to each
  /// gap between received bytes, without the time in which the loop applies back-pressure. `maximumBodySize` does not
  /// apply, because the body is not collected.
  ///
  /// After a body that was read to its end the connection is reused; otherwise it is closed. Fails with ``HTTPError``,
  /// which names the URL, or with `CancelledError`. aiohttp: `session.get`; Tornado: `streaming_callback`; Twisted:
  /// `Response.deliverBody`.
  public func stream(
    _ request: Request, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<StreamedResponse> {
    if !interceptors.isEmpty { return streamThroughInterceptors(request, CallSite(file: file, line: line)) }
    return streamDirectly(request, CallSite(file: file, line: line))
  }

  /// As `stream`, without the interceptors.
  func streamDirectly(_ request: Request, _ site: CallSite = CallSite()) -> Deferred<StreamedResponse> {
    let exchange = startDirectly(request)
    let deferred = Deferred<StreamedResponse>(cancelling: exchange, file: site.file, line: site.line)
    exchange.consumer = .stream(ResponseStream(deferred))
    return deferred
  }
}
