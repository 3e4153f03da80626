import SwirlContent
import SwirlHTTPCore

extension CachedResponse {
  /// The response for a program, with the Age field that RFC 9111 §4 requires.
  func response(
    to request: HTTPClient.Request, at now: Int, _ outcome: HTTPCache.Outcome
  ) -> HTTPClient.Response {
    var bytes = Array(head.bytes.dropLast(2))
    bytes.append(contentsOf: "Age: \(min(age(at: now), DeltaSeconds.most))\r\n\r\n".utf8)
    return HTTPClient.Response(
      url: request.url, head: ResponseHead(stored: bytes) ?? head, body: request.method == .head ? [] : body,
      hasCodings: request.method != .head && hasCodings, history: [], times: .atOnce, cacheOutcome: outcome)
  }

  /// Whether the content is still encoded: decoding was off, or one of its codings is unknown.
  private var hasCodings: Bool {
    head.list("content-encoding").map { !isDecoded || !ContentDecoder.knowsCodings(in: $0) } ?? false
  }
}
