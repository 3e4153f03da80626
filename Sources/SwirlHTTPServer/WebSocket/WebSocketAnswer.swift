import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlWebSocket

/// The answer that opens a WebSocket, as far as a handler says it; the request says the rest.
///
/// An object, because each response would be as large as this otherwise.
final class WebSocketAnswer {
  let protocols: [String]
  let origins: HTTPServer.WebSocketOrigins
  let configuration: WebSocket.Configuration
  /// Called when the answer is sent.
  let start: (WebSocket) -> Void

  init(
    protocols: [String], origins: HTTPServer.WebSocketOrigins, configuration: WebSocket.Configuration,
    start: @escaping (WebSocket) -> Void
  ) {
    self.protocols = protocols
    self.origins = origins
    self.configuration = configuration
    self.start = start
  }

  /// - Parameter fields: what the handler adds to the answer.
  func response(to request: HTTPServer.Request?, _ fields: HTTPFields?) -> HTTPServer.Response {
    // No handler is asked where the request could not be read.
    guard let request else { return .status(.badRequest) }
    do throws(WebSocketRefusal) {
      return try agreed(request, fields)
    } catch {
      let status = HTTPResponse.Status(code: error.statusCode)
      return .text(error.reason + "\n", status: status, headers: error.fields)
    }
  }

  private func agreed(
    _ request: HTTPServer.Request, _ fields: HTTPFields?
  ) throws(WebSocketRefusal) -> HTTPServer.Response {
    let isHTTP2 = request.version == .http2
    if isHTTP2, request[.upgrade]?.lowercased() != "websocket" {
      return .text(
        "A WebSocket is opened by an extended CONNECT over HTTP/2 (RFC 8441).\n", status: .badRequest)
    }
    let offer =
      isHTTP2
      ? try WebSocketHandshake.offer(inFields: request.headers) : try WebSocketHandshake.offer(in: request.head)
    if let origin = offer.origin, !origins.allow(origin, at: request.authority) {
      return .text(
        "The page's origin \(origin) may not open a WebSocket here: see `origins:` of Response.webSocket.\n",
        status: .forbidden)
    }
    var answer = fields ?? HTTPFields()
    let subprotocol = protocols.first { offer.protocols.contains($0) }
    if let subprotocol { answer[.secWebSocketProtocol] = subprotocol }
    var deflate: WebSocketDeflate.Agreed?
    if let offers = offer.extensions, let (agreed, text) = configuration.compression.deflate?.accept(offers) {
      deflate = agreed
      answer[.secWebSocketExtensions] = text
    }
    if let key = offer.key { answer[.secWebSocketAccept] = WebSocketHandshake.accept(key: key) }
    return .upgrade(to: "websocket", headers: answer) { [configuration, start] transport in
      let socket = WebSocket(
        transport, role: .server, subprotocol: subprotocol, deflate: deflate, configuration: configuration)
      return WebSocketProtocol(socket, start: start)
    }
  }
}
