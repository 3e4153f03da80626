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
  /// It uses the client's settings: TLS for `wss://`, proxies, cookies and time limits; cancelling the Deferred ends
  /// the attempt. The Deferred fails with an ``HTTPStatusError`` that has the answer if the server answers otherwise,
  /// as by a redirect, which is not followed; and with an ``HTTPError`` that names the URL. Tornado:
  /// `websocket_connect`; aiohttp: `ws_connect`.
  ///
  /// The URL begins with `ws://` or `wss://`; `http://` and `https://` mean the same. `protocols` are the subprotocols
  /// that the program speaks, the best first; the socket's `subprotocol` is the server's choice.
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
    guard request.url.contains("://") else {
      return .fail(
        HTTPError(.invalidURL, "the URL has no scheme: write ws:// before the host", url: request.url),
        file: file, line: line)
    }
    let offer = WebSocketOffer(protocols, configuration)
    return upgrade(offer.request(request), to: "websocket", file: file, line: line).addCallback { upgraded in
      do { return try offer.open(upgraded) } catch {
        upgraded.transport.abort()
        throw HTTPError(.invalidResponse, "the server opened no WebSocket: \(error)", url: request.url)
      }
    }
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
    request.headers[.secWebSocketVersion] = WebSocketHandshake.version
    request.headers[.secWebSocketKey] = key
    if !protocols.isEmpty { request.headers[.secWebSocketProtocol] = protocols.joined(separator: ", ") }
    if let deflate = configuration.compression.deflate { request.headers[.secWebSocketExtensions] = deflate.offer }
    return request
  }

  func open(_ upgraded: HTTPClient.Upgraded) throws(WebSocketHandshakeError) -> WebSocket {
    let response = upgraded.response
    let deflate = configuration.compression.deflate
    let agreement =
      response.status == .switchingProtocols
      ? try WebSocketHandshake.agreement(in: response.head, key: key, protocols: protocols, deflate: deflate)
      : try WebSocketHandshake.agreement(inFields: response.headers, protocols: protocols, deflate: deflate)
    let socket = WebSocket(
      upgraded.transport, role: .client, subprotocol: agreement.subprotocol, deflate: agreement.deflate,
      configuration: configuration)
    let successor = WebSocketProtocol(socket) { _ in }
    upgraded.transport.streamProtocol = successor
    successor.connectionMade(upgraded.transport)
    return socket
  }
}
