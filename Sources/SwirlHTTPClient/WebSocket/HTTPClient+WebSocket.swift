public import HTTPTypes
public import SwirlDeferred
public import SwirlWebSocket

extension HTTPClient {
  /// Opens a WebSocket (RFC 6455).
  ///
  /// ```swift
  /// client.webSocket("ws://127.0.0.1:8080/chat").addCallback { socket in
  ///   socket.onText { print($0) }
  ///   socket.send("hello")
  /// }
  /// ```
  ///
  /// It uses the client's settings: TLS for `wss://`, proxies, cookies and time limits; cancelling the Deferred ends
  /// the attempt. The Deferred fails with an ``HTTPStatusError`` that has the answer if the server answers otherwise,
  /// and with an ``HTTPError`` that names the URL. Tornado: `websocket_connect`; aiohttp: `ws_connect`.
  ///
  /// The URL begins with `ws://` or `wss://`; `http://` and `https://` mean the same. `protocols` are the subprotocols
  /// that the program speaks, the best first; the socket's `subprotocol` is the server's choice. By default a redirect
  /// is not followed, as in browsers; its error has the Location. Where `redirects` follows them, credentials go to the
  /// first origin only, and a redirect from `wss` to `ws` is an error.
  public func webSocket(
    _ url: String, protocols: [String] = [], headers: HTTPFields = HTTPFields(), redirects: Redirects = .none,
    configuration: WebSocket.Configuration = WebSocket.Configuration(), file: StaticString = #fileID,
    line: UInt = #line
  ) -> Deferred<WebSocket> {
    var request = Request(url, headers: headers)
    if redirects.limit > 0 { request.redirects = redirects }
    return webSocket(request, protocols: protocols, configuration: configuration, file: file, line: line)
  }

  /// Opens a WebSocket by a request with its own settings, such as a timeout. Its `redirects` decides whether redirects
  /// are followed; nil means that they are not.
  public func webSocket(
    _ request: Request, protocols: [String] = [], configuration: WebSocket.Configuration = WebSocket.Configuration(),
    file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<WebSocket> {
    guard request.url.contains("://") else {
      return .fail(
        HTTPError(.invalidURL, "the URL has no scheme: write ws:// before the host", url: request.url),
        file: file, line: line)
    }
    var request = request
    let scheme = request.url.prefix { $0 != ":" }.lowercased()
    if scheme == "ws" || scheme == "wss" { request.url = "http" + request.url.dropFirst(2) }
    return openWebSocket(request, protocols, configuration, after: [], CallSite(file: file, line: line))
  }
}
