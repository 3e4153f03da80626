import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore

// What a cache does with an answer of the server (RFC 9111 §3 and §4.3).

extension CachedFetch {
  /// The most that is kept of a stream: each has its copy in memory until its end, and many may run at once.
  private static var streamedLimit: Int { 8 << 20 }

  /// Keeps what may be kept: of a stream the copy that is made while its reader takes it. A stream that its reader
  /// leaves, or that breaks, changes nothing in the cache.
  func keepPassing(
    _ response: HTTPClient.StreamedResponse, _ key: String, _ flight: CacheFlight, _ requestTime: Int,
    insteadOf kept: CachedResponse?
  ) -> HTTPClient.StreamedResponse {
    let limit = min(Self.streamedLimit, cache.store.limit, client.configuration.maximumBodySize)
    let head = response.response.head
    let isTooLong = response.isStreamed && request.method != .head && head.contentLength ?? 0 > limit
    if isTooLong || !CachedResponse.isStorable(head, asked: asked) {
      cache.land(flight, key)
      keep(response.response, nil, key, flight, requestTime, insteadOf: kept)
      return response
    }
    return response.copying(atMost: limit) { [self] outcome in
      cache.land(flight, key)
      guard case .success(let body) = outcome else { return }
      keep(response.response, body, key, flight, requestTime, insteadOf: kept)
    }
  }

  /// - Parameter body: the content; nil if it is not kept.
  private func keep(
    _ response: HTTPClient.Response, _ body: [UInt8]?, _ key: String, _ flight: CacheFlight, _ requestTime: Int,
    insteadOf kept: CachedResponse?
  ) {
    guard !flight.isOutdated else { return }
    let head = response.head
    let responseTime = cache.now()
    let isHead = request.method == .head
    // A HEAD updates the stored response of a GET, but does not replace it.
    let kept = isHead && kept?.isHead == false ? nil : kept
    // An interceptor behind the cache may have requested another URL.
    let isOwn = response.history.isEmpty && HTTPCache.key(of: response.url) == key
    if isHead, isOwn, head.statusCode == 200 { freshen(key, by: head, requestTime, responseTime) }
    if isOwn, let body, CachedResponse.isStorable(head, asked: asked),
      let new = CachedResponse(
        head, body, isHead: isHead, isDecoded: isDecoding, variant: variant(of: head),
        requestTime: requestTime, responseTime: responseTime)
    {
      replace(kept, with: new, key)
    } else if let kept, head.statusCode < 500, head.statusCode != 304 {
      // The server's response differs from the stored one.
      replace(kept, with: nil, key)
    }
  }

  func replace(_ kept: CachedResponse?, with new: CachedResponse?, _ key: String) {
    latest = new
    // Drop a response larger than the whole cache.
    let new = new.flatMap { $0.size + key.utf8.count > cache.store.limit ? nil : $0 }
    if new != nil { cache.counts.stores += 1 }
    if kept == nil && new == nil { return }
    cache.update(key) { responses in
      if let kept {
        responses.removeAll {
          $0.variant == kept.variant && $0.isHead == kept.isHead && $0.isDecoded == kept.isDecoded
        }
      }
      if let new { responses.put(new) }
    }
  }

  /// RFC 9111 §4.3.5: the response to a HEAD shows whether the stored response of a GET is still current.
  private func freshen(_ key: String, by head: ResponseHead, _ requestTime: Int, _ responseTime: Int) {
    let variant = variant(of: head)
    cache.update(key) { responses in
      responses = responses.compactMap { kept in
        guard !kept.isHead, kept.variant == variant else { return kept }
        guard kept.isDescribed(by: head) else { return nil }
        return kept.updated(by: head, requestTime: requestTime, responseTime: responseTime)
      }
    }
  }
}
