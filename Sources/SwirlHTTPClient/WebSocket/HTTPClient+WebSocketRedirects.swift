import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlWebSocket

extension HTTPClient {
  /// Sends the opening handshake, and follows redirects if the request says so.
  ///
  /// - Parameters:
  ///   - request: its URL begins with `http` or `https`.
  ///   - history: the redirects that led to it.
  func openWebSocket(
    _ request: Request, _ protocols: [String], _ configuration: WebSocket.Configuration,
    after history: [RedirectStep], _ site: CallSite
  ) -> Deferred<WebSocket> {
    // Each handshake has a key of its own (RFC 6455 §4.1).
    let offer = WebSocketOffer(protocols, configuration)
    let opened = upgrade(offer.request(request), to: "websocket", file: site.file, line: site.line)
      .addCallback { upgraded in
        do { return try offer.open(upgraded) } catch {
          upgraded.transport.abort()
          throw HTTPError(.invalidResponse, "the server opened no WebSocket: \(error)", url: request.url)
        }
      }
    guard let policy = request.redirects, policy.limit > 0 else { return opened }
    return opened.addErrback { [self] error -> Deferred<WebSocket> in
      guard let refusal = error as? HTTPStatusError, let location = Redirection.location(in: refusal.response.head)
      else { throw error }
      let step = RedirectStep(url: request.url, method: request.method, status: refusal.status)
      let next = try webSocketRequest(after: request, to: location, refusal.status.code, policy, history)
      return openWebSocket(next, protocols, configuration, after: history + [step], site)
    }
  }

  private func webSocketRequest(
    after request: Request, to location: String, _ status: Int, _ policy: Redirects, _ history: [RedirectStep]
  ) throws -> Request {
    var location = location
    let scheme = location.prefix { $0 != ":" }.lowercased()
    if scheme == "ws" || scheme == "wss" { location = "http" + location.dropFirst(2) }
    let way = history.first.map { " (on the way from \($0.url.redactedURL))" } ?? ""
    func refused(_ reason: String) -> HTTPError {
      HTTPError(.redirect, request.method.rawValue, request.url, reason + way)
    }
    if let from = try? HTTPURL(request.url), let to = try? from.resolving(location), from.origin.isSecure,
      !to.origin.isSecure
    {
      throw refused("a redirect from wss to ws is not followed: the Location is \(location.redactedURL)")
    }
    switch redirected(request, to: location, status, policy, after: history) {
    case .success(let next): return next
    case .failure(let refusal): throw refused(refusal.reason)
    }
  }
}
