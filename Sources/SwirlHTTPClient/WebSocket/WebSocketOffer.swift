import SwirlHTTPCore
import SwirlNet
import SwirlWebSocket

/// What a client offers in the opening handshake.
struct WebSocketOffer {
  let protocols: [String]
  let configuration: WebSocket.Configuration
  let key = WebSocketHandshake.makeKey()

  init(_ protocols: [String], _ configuration: WebSocket.Configuration) {
    self.protocols = protocols
    self.configuration = configuration
  }

  func request(_ original: HTTPClient.Request) -> HTTPClient.Request {
    var request = original
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
