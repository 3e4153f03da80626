import HTTPTypes
import SwirlHTTPCore

extension HTTPClient {
  /// Serves responses from `cache` and stores responses there, by RFC 9111 for a private cache.
  ///
  /// ```swift
  /// client.intercept(HTTPCache())
  /// client.intercept(HTTPCache(directory: "/var/cache/example"))
  /// ```
  ///
  /// It is an interceptor: add one that changes fields before it, and one that counts network requests behind it. It
  /// follows redirects itself, because each step is cached separately. Requests with a range or a body, `stream` and
  /// `download` bypass it. See ``Response/cacheOutcome``.
  public func intercept(_ cache: HTTPCache) {
    // The closure is the client's own.
    intercept { [unowned self] request, next in cache.answer(request, of: self, next) }
  }

  /// The variant of `request`, as it will be sent, for a response that varies by these fields.
  func cacheVariant(of request: Request, _ names: [String]) -> [UInt8] {
    var credentials =
      value(of: .authorization, in: request) ?? request.authentication?.credentials.map { Array($0.utf8) }
    if let digest = request.authentication?.digest {
      credentials = Array("Digest \(digest.user):\(digest.password)".utf8)
    }
    // A Host field of the request selects another resource at the same URL.
    let names = request.headers.contains(.host) ? names + ["host"] : names
    return CacheVariant.hash(names, credentials, by: MessageDigest.sha256) { value(of: $0, in: request) }
  }

  private func value(of name: HTTPField.Name, in request: Request) -> [UInt8]? {
    let own = request.headers.bytes(of: name) ?? headers.bytes(of: name)
    guard name == .cookie, let kept = cookies?.cookieBytes(for: request.url, method: request.method) else {
      return own
    }
    return own.map { $0 + "; ".utf8 + kept } ?? kept
  }
}
