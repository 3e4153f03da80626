public import HTTPTypes
public import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor
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
  /// It uses the client's settings: TLS for `wss://`, proxies, cookies and time limits; cancelling the Deferred ends the
  /// attempt. The Deferred fails with an ``HTTPError`` that names the URL: ``HTTPError/Code/status`` if the server answers
  /// otherwise, with the beginning of what it says. A redirect is such an answer, unless the request asks to follow them.
  /// Tornado: `websocket_connect`; aiohttp: `ws_connect`.
  ///
  /// - Parameters:
  ///   - url: beginning with `ws://` or `wss://`; `http://` and `https://` mean the same.
  ///   - protocols: the subprotocols that the program speaks, the best first; ``WebSocket/subprotocol`` is the server's
  ///     choice.
  ///   - headers: fields to send besides.
  ///   - configuration: limits and times of the socket.
  public func webSocket(
    _ url: String, protocols: [String] = [], headers: HTTPFields = HTTPFields(),
    configuration: WebSocket.Configuration = WebSocket.Configuration(), file: StaticString = #fileID,
    line: UInt = #line
  ) -> Deferred<WebSocket> {
    webSocket(
      Request(url, headers: headers), protocols: protocols, configuration: configuration, file: file, line: line)
  }

  /// Opens a WebSocket by a request with its own settings, such as a timeout.
  public func webSocket(
    _ request: Request, protocols: [String] = [], configuration: WebSocket.Configuration = WebSocket.Configuration(),
    file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<WebSocket> {
    let offer = WebSocketOffer(protocols, configuration)
    var exchange: Exchange?
    let opened = Deferred<WebSocket>(canceller: { _ in exchange?.cancel() }, file: file, line: line)
    let request = offer.request(request)
    exchange = startUpgrade(request) { upgrade in
      do { opened.callback(try offer.open(upgrade)) } catch {
        upgrade.transport.abort()
        opened.errback(HTTPError(.invalidResponse, "the server did not open a WebSocket: \(error)", url: request.url))
      }
    }
    exchange?.consumer = .callback(
      { result in
        opened.fire(with: result.flatMap { .failure(HTTPError(notAWebSocket: $0)) })
      }, CallSite(file: file, line: line))
    return opened
  }
}

/// What a client offers in the opening handshake.
private struct WebSocketOffer {
  let protocols: [String]
  let configuration: WebSocket.Configuration
  let key = WebSocketHandshake.makeKey()

  init(_ protocols: [String], _ configuration: WebSocket.Configuration) {
    self.protocols = protocols
    self.configuration = configuration
  }

  func request(_ original: HTTPClient.Request) -> HTTPClient.Request {
    var request = original
    let scheme = request.url.prefix { $0 != ":" }.lowercased()
    if scheme == "ws" || scheme == "wss" { request.url = "http" + request.url.dropFirst(2) }
    if request.redirects == nil { request.redirects = HTTPClient.Redirects.none }
    request.headers[.connection] = "Upgrade"
    request.headers[.upgrade] = "websocket"
    request.headers[.secWebSocketVersion] = WebSocketHandshake.version
    request.headers[.secWebSocketKey] = key
    if !protocols.isEmpty { request.headers[.secWebSocketProtocol] = protocols.joined(separator: ", ") }
    if let deflate = configuration.compression.deflate { request.headers[.secWebSocketExtensions] = deflate.offer }
    return request
  }

  func open(_ upgrade: Upgrade) throws(WebSocketHandshakeError) -> WebSocket {
    let agreement = try WebSocketHandshake.agreement(
      in: upgrade.head, key: key, protocols: protocols, deflate: configuration.compression.deflate)
    let socket = WebSocket(
      upgrade.transport, role: .client, subprotocol: agreement.subprotocol, deflate: agreement.deflate,
      configuration: configuration)
    upgrade.begin(WebSocketProtocol(socket) { _ in })
    return socket
  }
}

extension HTTPError {
  /// The server answered a request that was to open a WebSocket like any other.
  fileprivate init(notAWebSocket response: HTTPClient.Response) {
    let words = response.text.prefix(200).split(whereSeparator: \.isNewline).joined(separator: " ")
    self.init(
      .status, "GET", response.url,
      "the server opened no WebSocket, it answered \(response.status)\(words.isEmpty ? "" : ": \(words)")",
      status: response.status)
  }
}
