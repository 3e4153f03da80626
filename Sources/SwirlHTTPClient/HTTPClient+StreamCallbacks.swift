public import SwirlDeferred
import SwirlReactor

extension HTTPClient {
  /// Sends `request` and passes its content to `onData`, piece by piece as it arrives; then gives the response, without
  /// content, with its trailers.
  ///
  /// ```swift
  /// var size = 0
  /// client.fetch(HTTPClient.Request(url), onHead: { print($0.status) }) { piece in size += piece.count }
  ///   .addCallback { _ in print(size, "bytes") }
  /// ```
  ///
  /// The callbacks are called on the reactor's thread, and never before this has returned: `onHead` once, `onData` for
  /// each piece, never with an empty one. An error that one of them throws ends the request, and is what the Deferred
  /// fails with. Cancelling the Deferred ends the request; neither of them is called after that. Redirects are followed
  /// first.
  ///
  /// The timeouts are those of `stream`. Tornado: `header_callback`, `streaming_callback`; Twisted:
  /// `deliverBody`.
  @_disfavoredOverload  // An `onData` whose last statement is a Deferred is for the next form.
  public func fetch(
    _ request: Request, file: StaticString = #fileID, line: UInt = #line,
    onHead: @escaping (Response) throws -> Void = { _ in }, onData: @escaping ([UInt8]) throws -> Void
  ) -> Deferred<Response> {
    fetch(request, CallSite(file: file, line: line), onHead) { piece in
      try onData(piece)
      return nil
    }
  }

  /// Like the form whose `onData` returns nothing, with back-pressure: it delivers the next piece, and eventually reads
  /// from the server, only when the Deferred that `onData` returned has fired. If that fails, the request fails.
  ///
  /// ```swift
  /// client.fetch(HTTPClient.Request(url)) { piece in store.append(piece) }    // a Deferred<Void>
  /// ```
  public func fetch<Inner: DeferredType>(
    _ request: Request, file: StaticString = #fileID, line: UInt = #line,
    onHead: @escaping (Response) throws -> Void = { _ in },
    @DeferredBody onData: @escaping ([UInt8]) throws -> Inner
  ) -> Deferred<Response> {
    fetch(request, CallSite(file: file, line: line), onHead) { try onData($0).withoutValue }
  }

  // Disfavored: its only purpose is the type context for a closure that returns `.succeed()`.
  /// Like the form whose `onData` returns nothing, but it waits for the Deferred that `onData` returned. If that fails,
  /// the request fails.
  @_disfavoredOverload
  public func fetch(
    _ request: Request, file: StaticString = #fileID, line: UInt = #line,
    onHead: @escaping (Response) throws -> Void = { _ in },
    @VoidDeferredBody onData: @escaping ([UInt8]) throws -> Deferred<Void>
  ) -> Deferred<Response> {
    fetch(request, CallSite(file: file, line: line), onHead, onData)
  }

  /// The common implementation: `onData` returns the Deferred to wait for, if any.
  func fetch(
    _ request: Request, _ site: CallSite, _ onHead: @escaping (Response) throws -> Void,
    _ onData: @escaping ([UInt8]) throws -> Deferred<Void>?
  ) -> Deferred<Response> {
    if !interceptors.isEmpty { return fetchThroughInterceptors(request, site, onHead, onData) }
    let exchange = startDirectly(request)
    weak var callbacks: ResponseCallbacks?
    let deferred = Deferred<Response>(
      canceller: { _ in
        exchange.cancel()
        callbacks?.cancel()
      }, file: site.file, line: site.line)
    let sink = ResponseCallbacks(deferred, onHead, onData)
    callbacks = sink
    exchange.consumer = .stream(sink)
    return deferred
  }

  private func fetchThroughInterceptors(
    _ request: Request, _ site: CallSite, _ onHead: @escaping (Response) throws -> Void,
    _ onData: @escaping ([UInt8]) throws -> Deferred<Void>?
  ) -> Deferred<Response> {
    var isCancelled = false
    func unlessCancelled<Value>(_ value: Value) throws -> Value {
      if isCancelled { throw CancelledError() }
      return value
    }
    let work = streamThroughInterceptors(request, site).addCallback { response -> Deferred<Response> in
      try onHead(response.response)
      return try unlessCancelled(response.body).drain { try unlessCancelled(onData($0)) }.addCallback {
        response.response.with(trailers: response.trailers)
      }
    }
    // A Deferred of its own: while a callback of `work` runs, which calls those of the program, cancelling `work` does
    // nothing. Weak, because `work` holds the Deferred.
    let deferred = Deferred<Response>(
      canceller: { [weak work] _ in
        isCancelled = true
        work?.cancel()
      }, file: site.file, line: site.line)
    work.addBoth { result in
      if !deferred.isFired { deferred.fire(with: result) }
    }
    return deferred
  }
}
