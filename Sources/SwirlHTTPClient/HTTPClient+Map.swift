public import SwirlDeferred

extension HTTPClient {
  /// Sends `requests`, at most `size` at a time, and gives the responses in the order of the requests when all have
  /// come.
  ///
  /// A request that fails has nil in its place, or what `exceptionHandler` returns for it; the others continue.
  /// Cancelling the Deferred ends those in flight and starts no more. grequests: `map`.
  public func map(
    _ requests: some Sequence<Request>, atMost size: Int = 100,
    exceptionHandler: ((_ request: Request, _ error: any Error) -> Response?)? = nil
  ) -> Deferred<[Response?]> {
    gatherSettled(requests, atMost: size) { request in
      self.fetch(request).addBoth { result -> Response? in
        switch result {
        case .success(let response): return response
        case .failure(let error as CancelledError): throw error
        case .failure(let error): return exceptionHandler?(request, error)
        }
      }
    }
    .addCallback { results in results.map { (try? $0.get()) ?? nil } }
  }

  /// Sends `requests`, at most `size` at a time, and gives each response, or its error, as soon as it has arrived, for
  /// async code.
  ///
  /// Leaving the loop ends the requests in flight. grequests: `imap`.
  public func imap(_ requests: some Sequence<Request>, atMost size: Int = 100) -> AsCompleted<Response> {
    asCompleted(requests, atMost: size) { self.fetch($0) }
  }

  /// Gets `urls`, at most `size` at a time. See `map` of requests.
  public func map(_ urls: some Sequence<String>, atMost size: Int = 100) -> Deferred<[Response?]> {
    map(urls.map { Request($0) }, atMost: size)
  }

  /// Gets `urls`, at most `size` at a time. See `imap` of requests.
  public func imap(_ urls: some Sequence<String>, atMost size: Int = 100) -> AsCompleted<Response> {
    imap(urls.map { Request($0) }, atMost: size)
  }
}
