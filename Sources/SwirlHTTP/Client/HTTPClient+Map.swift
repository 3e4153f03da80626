public import SwirlDeferred

extension HTTPClient {
  /// Sends `requests`, at most `size` at a time, and gives the responses in the order of the requests when all have come.
  ///
  /// A request that fails has nil in its place, or what `exceptionHandler` returns for it; the others go on. Cancelling the
  /// Deferred ends those under way and starts no more. grequests: `map`.
  public func map(
    _ requests: some Sequence<Request>, atMost size: Int = 100,
    exceptionHandler: ((_ request: Request, _ error: any Error) -> Response?)? = nil
  ) -> Deferred<[Response?]> {
    precondition(size > 0, "at most \(size) at a time: nothing would ever be sent")
    return RequestMap(requests, by: self, atMost: size, exceptionHandler).start()
  }

  /// Sends `requests`, at most `size` at a time, and gives each response, or its error, as soon as it has come, for code that awaits
  /// them.
  ///
  /// Leaving the loop ends what is under way. grequests: `imap`.
  public func imap(_ requests: some Sequence<Request>, atMost size: Int = 100) -> AsCompleted<Response> {
    asCompleted(requests, atMost: size) { self.fetch($0) }
  }
}

/// Requests whose responses are wanted in order.
private final class RequestMap {
  private let client: HTTPClient
  private let size: Int
  private let exceptionHandler: ((HTTPClient.Request, any Error) -> HTTPClient.Response?)?
  private let requests: [HTTPClient.Request]
  private var responses: [HTTPClient.Response?]
  private var started = 0
  private var running: [Int: HTTPClient.Exchange] = [:]
  private var done: Deferred<[HTTPClient.Response?]>!

  init(
    _ requests: some Sequence<HTTPClient.Request>, by client: HTTPClient, atMost size: Int,
    _ exceptionHandler: ((HTTPClient.Request, any Error) -> HTTPClient.Response?)?
  ) {
    self.requests = Array(requests)
    self.client = client
    self.size = size
    self.exceptionHandler = exceptionHandler
    responses = Array(repeating: nil, count: self.requests.count)
  }

  func start() -> Deferred<[HTTPClient.Response?]> {
    let done = Deferred<[HTTPClient.Response?]>(canceller: { [self] _ in cancel() })
    self.done = done
    fill()
    return done
  }

  private func fill() {
    while running.count < size, started < requests.count {
      let index = started
      started += 1
      running[index] = client.fetch(requests[index]) { [self] result in ended(index, result) }
    }
    if running.isEmpty { done.take()?.callback(responses) }
  }

  private func ended(_ index: Int, _ result: Result<HTTPClient.Response, any Error>) {
    guard running.removeValue(forKey: index) != nil else { return }
    switch result {
    case .success(let response): responses[index] = response
    case .failure(let error): responses[index] = exceptionHandler?(requests[index], error)
    }
    fill()
  }

  private func cancel() {
    done = nil
    started = requests.count
    let cancelled = running
    running = [:]
    for (_, exchange) in cancelled.sorted(by: { $0.key < $1.key }) { exchange.cancel() }
  }
}
