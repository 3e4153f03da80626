import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore

// Handles a request in the order of RFC 9111 §4.

extension HTTPCache {
  typealias Request = HTTPClient.Request
  typealias Response = HTTPClient.Response

  typealias StreamedResponse = HTTPClient.StreamedResponse

  /// Answers `request` from the cache, or sends it on.
  func answer(
    _ request: Request, of client: HTTPClient, _ next: @escaping HTTPClient.Next
  ) -> Deferred<StreamedResponse> {
    guard request.method == .get || request.method == .head else { return pass(request, next) }
    let asked = CacheControl(request.headers)
    // The cache neither stores partial responses nor makes them, and a request with no-store gets no stored response.
    if request.body != nil || request.headers.contains(.range) || asked.has("no-store") && !asked.has("only-if-cached")
    {
      return next(request)
    }
    return CachedFetch(request, of: client, in: self, next).start()
  }

  // MARK: - Other methods

  private func pass(_ request: Request, _ next: HTTPClient.Next) -> Deferred<StreamedResponse> {
    if request.method == .options || request.method == .trace { return next(request) }
    return next(request).addCallback { response in
      self.invalidate(after: request, response.response)
      return response
    }
  }

  /// RFC 9111 §4.4: an unsafe method invalidates the stored responses of its URL.
  private func invalidate(after request: Request, _ response: Response) {
    guard (200..<400).contains(response.status.code), let origin = try? HTTPURL(request.url).origin else { return }
    let named = ["location", "content-location"].compactMap { response.head.reference($0) }.map {
      URLReference.resolve($0, against: response.url)
    }
    let urls = [request.url, response.url] + response.history.map(\.url) + named
    // A server can only invalidate URLs of its own origin.
    for url in Set(urls) where (try? HTTPURL(url).origin) == origin { remove(url) }
  }
}

/// Handles one GET or HEAD, from the lookup to storing its response.
final class CachedFetch {
  let request: HTTPClient.Request
  let client: HTTPClient
  let cache: HTTPCache
  private let next: HTTPClient.Next
  let asked: CacheControl
  private let key: String?
  let isDecoding: Bool
  private var variants: [[String]: [UInt8]] = [:]
  /// What others wait for.
  private weak var miss: SharedMiss?
  /// What was kept of the answer.
  var latest: CachedResponse?

  init(_ request: HTTPClient.Request, of client: HTTPClient, in cache: HTTPCache, _ next: @escaping HTTPClient.Next) {
    self.request = request
    self.client = client
    self.cache = cache
    self.next = next
    asked = CacheControl(request.headers)
    key = HTTPCache.key(of: request.url)
    isDecoding = client.decodesContent(of: request)
  }

  func start() -> Deferred<HTTPClient.StreamedResponse> {
    // The client reports an invalid URL.
    guard let key else { return next(request) }
    // The program's own conditional request gets the server's response.
    if request.isConditional, !asked.has("only-if-cached") { return ask(key, about: nil) }
    return cache.load(key).addCallback { [self] responses -> Deferred<HTTPClient.StreamedResponse> in
      let now = cache.now()
      let found = responses.first { isMeant($0) }
      switch found?.use(for: asked, at: now) {
      case .fresh: return .succeed(give(found!, .hit))
      case .stale: return .succeed(give(found!, .stale))
      case .staleWhileRevalidating:
        if !asked.has("only-if-cached") { revalidateBehind(key, found!) }
        return .succeed(give(found!, .stale))
      case .validated, nil:
        if asked.has("only-if-cached") { return .succeed(HTTPClient.StreamedResponse(.notCached(request))) }
        return askOnce(key, about: found)
      }
    }
  }

  // MARK: - Asking once for several

  /// Asks the server, or waits for what it answers to the same request of another. What is streamed waits for no other:
  /// its head would come with the end of the other's content.
  private func askOnce(_ key: String, about found: CachedResponse?) -> Deferred<HTTPClient.StreamedResponse> {
    let hasCookies = client.jar?.cookieBytes(for: request.url, method: request.method) != nil
    guard request.isCollected, let name = request.shareName(key, isDecoding: isDecoding, hasCookies: hasCookies) else {
      return ask(key, about: found)
    }
    if let miss = cache.misses[name], !miss.isOver { return follow(miss, key, about: found) }
    let miss = SharedMiss()
    cache.misses[name] = miss
    self.miss = miss
    return ask(key, about: found).addBoth { [self] result in
      if cache.misses[name] === miss { cache.misses[name] = nil }
      switch result {
      case .success(let response):
        miss.end(latest.map { .stored($0) } ?? .notShared)
        return response
      case .failure(let error):
        miss.end(error is CancelledError ? .cancelled : .notShared)
        throw error
      }
    }
  }

  private func follow(
    _ miss: SharedMiss, _ key: String, about found: CachedResponse?
  ) -> Deferred<HTTPClient.StreamedResponse> {
    within(miss.wait()).addCallback { [self] outcome -> Deferred<HTTPClient.StreamedResponse> in
      switch outcome {
      case .cancelled: return askOnce(key, about: found)
      case .stored(let response):
        if isMeant(response), response.use(for: asked, at: cache.now()) == .fresh {
          return .succeed(give(response, .hit))
        }
        return ask(key, about: found)
      case .notShared: return ask(key, about: found)
      }
    }
  }

  /// The time that this request has is its own.
  private func within(_ outcome: Deferred<SharedMiss.Outcome>) -> Deferred<SharedMiss.Outcome> {
    let outcome = request.withinDeadline(outcome, on: client.reactor)
    guard let limit = request.timeout ?? client.configuration.timeout else { return outcome }
    return outcome.addTimeout(limit, clock: client.reactor).addErrback { [request] error in
      guard error is TimeoutError else { throw error }
      throw HTTPError(
        .timeout, request.method.rawValue, request.url,
        "no complete answer within \(limit) to another request for the same: is the server slow, or the timeout too short?"
      )
    }
  }

  /// Whether `response` matches this request (RFC 9111 §4).
  private func isMeant(_ response: CachedResponse) -> Bool {
    if response.isHead && request.method != .head { return false }
    if response.head["content-encoding"] != nil, response.isDecoded != isDecoding { return false }
    return response.variant == variant(of: response.head)
  }

  func variant(of head: ResponseHead) -> [UInt8] {
    let names = CacheVariant.names(in: head)
    if let known = variants[names] { return known }
    let variant = client.cacheVariant(of: request, names)
    variants[names] = variant
    return variant
  }

  private func give(_ kept: CachedResponse, _ outcome: HTTPCache.Outcome) -> HTTPClient.StreamedResponse {
    switch outcome {
    case .hit: cache.counts.hits += 1
    case .stale: cache.counts.stale += 1
    case .revalidated: cache.counts.revalidated += 1
    case .miss: cache.counts.misses += 1
    }
    return HTTPClient.StreamedResponse(kept.response(to: request, at: cache.now(), outcome))
  }

  // MARK: - Requests to the server

  /// Revalidates a served response in the background, once for any number of requests.
  private func revalidateBehind(_ key: String, _ kept: CachedResponse) {
    let name = "\(key) \(kept.variant) \(kept.isDecoded)"
    guard cache.background.insert(name).inserted else { return }
    let cache = cache
    // No caller waits for it; the next request retries a failure.
    ask(key, about: kept, isBehind: true).addBoth { _ in cache.background.remove(name) }
  }

  /// Sends the request, conditional on `kept` if that has a validator.
  private func ask(
    _ key: String, about kept: CachedResponse?, isBehind: Bool = false
  ) -> Deferred<HTTPClient.StreamedResponse> {
    var sent = request
    let isQuestion = kept.map { sent.setValidators(of: $0.head) } ?? false
    let flight = cache.takeOff(key)
    let requestTime = cache.now()
    // If a response varies by cookies, these are the cookies that are sent.
    if let kept { _ = variant(of: kept.head) }
    return send(sent, isWhole: request.isCollected || isBehind).addBoth {
      [self] result -> Deferred<HTTPClient.StreamedResponse> in
      let response: HTTPClient.StreamedResponse
      do { response = try result.get() } catch {
        cache.land(flight, key)
        guard let error = error as? HTTPError, error.fault != .caller, let kept, !isBehind,
          kept.mayReplaceError(for: asked, at: cache.now())
        else { throw error }
        return .succeed(give(kept, .stale))
      }
      if let kept {
        if isQuestion, response.status == 304 {
          return response.discard().addBoth { [self] outcome -> Deferred<HTTPClient.StreamedResponse> in
            cache.land(flight, key)
            try outcome.get()
            return confirmed(kept, key, by: response, flight, requestTime, isBehind)
          }
        }
        if [500, 502, 503, 504].contains(response.status.code), !isBehind,
          kept.mayReplaceError(for: asked, at: cache.now())
        {
          cache.land(flight, key)
          return response.discard().addCallback { [self] in give(kept, .stale) }
        }
      }
      if !isBehind { cache.counts.misses += 1 }
      return .succeed(keepPassing(response, key, flight, requestTime, insteadOf: kept).with(cacheOutcome: .miss))
    }
  }

  /// Sends the request on, and waits for the whole content or for the head alone.
  private func send(_ request: HTTPClient.Request, isWhole: Bool) -> Deferred<HTTPClient.StreamedResponse> {
    let response = next(request)
    if !isWhole { return response }
    return response.addCallback { [self] response in
      look(response.response)
      return response.collect(atMost: client.configuration.maximumBodySize)
    }
    .addCallback { HTTPClient.StreamedResponse($0) }
  }

  /// Reads the head of a response. If the cache may not store it, the waiting requests cannot share it: they start now.
  private func look(_ response: HTTPClient.Response) {
    let isConfirming = response.status == 304
    if !isConfirming, !CachedResponse.isStorable(response.head, asked: asked) { miss?.end(.notShared) }
  }

  /// RFC 9111 §4.3.3 and §4.3.4: the stored response is still valid.
  private func confirmed(
    _ kept: CachedResponse, _ key: String, by response: HTTPClient.StreamedResponse, _ flight: CacheFlight,
    _ requestTime: Int, _ isBehind: Bool
  ) -> Deferred<HTTPClient.StreamedResponse> {
    let head = response.response.head
    // A 304 for another ETag does not validate the stored response: request it again.
    if let tag = head.bytes(of: "etag"), !kept.isMeant(by: tag) {
      return ask(key, about: nil, isBehind: isBehind)
    }
    guard
      let updated = kept.updated(by: head, requestTime: requestTime, responseTime: cache.now())
    else { return ask(key, about: nil, isBehind: isBehind) }
    let isStorable = CachedResponse.isStorable(updated.head, asked: asked)
    if !flight.isOutdated { replace(kept, with: isStorable ? updated : nil, key) }
    if isBehind {
      cache.counts.revalidated += 1
      return .succeed(response)
    }
    return .succeed(give(updated, .revalidated))
  }
}

extension HTTPClient.Request {
  /// RFC 9110 §13.1.
  fileprivate var isConditional: Bool {
    for name: HTTPField.Name in [.ifNoneMatch, .ifModifiedSince, .ifMatch, .ifUnmodifiedSince, .ifRange]
    where headers.contains(name) { return true }
    return false
  }
}

extension HTTPClient.Response {
  /// RFC 9111 §5.2.1.7: no stored response is usable.
  fileprivate static func notCached(_ request: HTTPClient.Request) -> HTTPClient.Response {
    let text = "HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n"
    return HTTPClient.Response(
      url: request.url, head: ResponseHead(stored: Array(text.utf8))!, body: [], history: [], times: .atOnce,
      cacheOutcome: .miss)
  }
}
