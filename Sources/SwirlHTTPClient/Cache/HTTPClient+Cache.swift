import HTTPTypes
import SwirlHTTPCore

extension HTTPClient {
  /// Answers from `cache` what may be answered from it, and keeps there what may be kept (RFC 9111, as a private
  /// cache).
  ///
  /// ```swift
  /// client.intercept(HTTPCache())
  /// client.intercept(HTTPCache(directory: "/var/cache/example"))
  /// ```
  ///
  /// It sees each hop, since each redirect has its own place in the cache. Interceptors are before it in the list of
  /// ``middleware``; insert one that counts what goes over the network behind it. Requests for a range and with a body
  /// pass by. What is streamed or downloaded is kept when it was read to its end, up to 8 MiB:
  /// the copy is in memory until then. ``Response/cacheOutcome`` tells what came of it.
  public func intercept(_ cache: HTTPCache) { intercept(.cache(cache)) }

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
    guard name == .cookie, let kept = jar?.cookieBytes(for: request.url, method: request.method) else {
      return own
    }
    return own.map { $0 + "; ".utf8 + kept } ?? kept
  }
}
