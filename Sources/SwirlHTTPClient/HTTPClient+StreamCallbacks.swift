public import SwirlDeferred
import SwirlReactor

extension HTTPClient {
  /// Asks for `request` and hands its content to `onData`, piece by piece as it comes from the network; then gives the response, without
  /// content, with its trailers.
  ///
  /// ```swift
  /// var size = 0
  /// client.fetch(HTTPClient.Request(url), onHead: { print($0.status) }) { piece in size += piece.count }
  ///   .addCallback { _ in print(size, "bytes") }
  /// ```
  ///
  /// The callbacks are called on the reactor's thread, and never before this has returned: `onHead` once, `onData` for each piece, never
  /// with an empty one. An error that one of them throws ends the request, and is what the Deferred fails with. Cancelling the
  /// Deferred ends the request; neither of them is called after that. Redirects are followed before.
  ///
  /// The timeouts are those of ``stream(_:file:line:)``. Tornado: `header_callback`, `streaming_callback`; Twisted: `deliverBody`.
  public func fetch(
    _ request: Request, file: StaticString = #fileID, line: UInt = #line,
    onHead: @escaping (Response) throws -> Void = { _ in }, onData: @escaping ([UInt8]) throws -> Void
  ) -> Deferred<Response> {
    fetch(request, CallSite(file: file, line: line), onHead) { piece in
      try onData(piece)
      return nil
    }
  }

  /// As the form whose `onData` returns nothing; but no more is handed on, and when that takes its time no more is read from the
  /// server, before the Deferred that `onData` returned has fired. Where that fails, the request does.
  ///
  /// ```swift
  /// client.fetch(HTTPClient.Request(url)) { piece in store.append(piece) }    // a Deferred<Void>
  /// ```
  public func fetch<Inner: DeferredType>(
    _ request: Request, file: StaticString = #fileID, line: UInt = #line,
    onHead: @escaping (Response) throws -> Void = { _ in }, onData: @escaping ([UInt8]) throws -> Inner
  ) -> Deferred<Response> {
    fetch(request, CallSite(file: file, line: line), onHead) { try onData($0).withoutValue }
  }

  // Disfavored: it only gives a context to a closure that returns `.succeed()`.
  /// As the form whose `onData` returns nothing, but the Deferred that `onData` returned is waited for. Where that fails, the request does.
  @_disfavoredOverload
  public func fetch(
    _ request: Request, file: StaticString = #fileID, line: UInt = #line,
    onHead: @escaping (Response) throws -> Void = { _ in }, onData: @escaping ([UInt8]) throws -> Deferred<Void>
  ) -> Deferred<Response> {
    fetch(request, CallSite(file: file, line: line), onHead, onData)
  }

  /// As both of these: `onData` says what to wait for, if anything.
  func fetch(
    _ request: Request, _ site: CallSite, _ onHead: @escaping (Response) throws -> Void,
    _ onData: @escaping ([UInt8]) throws -> Deferred<Void>?
  ) -> Deferred<Response> {
    if !interceptors.isEmpty {
      return streamThroughInterceptors(request, site).addCallback { response in
        try onHead(response.response)
        return response.body.drain { try onData($0) }.addCallback {
          response.response.with(trailers: response.trailers)
        }
      }
    }
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
}
