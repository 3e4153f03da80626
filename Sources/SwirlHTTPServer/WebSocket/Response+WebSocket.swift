public import HTTPTypes
import SwirlDeferred
public import SwirlWebSocket

extension HTTPServer.Response {
  /// Opens a WebSocket (RFC 6455; over HTTP/2 RFC 8441).
  ///
  /// ```swift
  /// HTTPServer { request in
  ///   .webSocket { socket in
  ///     socket.onMessage { message in socket.send(message) }
  ///   }
  /// }
  /// ```
  ///
  /// A request that does not ask for a WebSocket is answered with 400, 405 or 426, a page of another origin with 403. A
  /// handler that sets no `onMessage` takes no messages: they are dropped. When the server stops, its
  /// sockets are closed with 1001. Tornado: `WebSocketHandler`; aiohttp: `WebSocketResponse`.
  ///
  /// - Parameters:
  ///   - protocols: the subprotocols that this server speaks, the best first; the first that the client offers is
  ///     chosen.
  ///   - origins: the pages that may open it.
  ///   - configuration: limits and times.
  ///   - headers: other fields of the response.
  ///   - handler: called on the reactor's thread when the connection is open. An error that it throws is logged and
  ///     closes the socket with 1011.
  public static func webSocket(
    protocols: [String] = [], origins: HTTPServer.WebSocketOrigins = .sameHost,
    configuration: WebSocket.Configuration = WebSocket.Configuration(), headers: HTTPFields = HTTPFields(),
    _ handler: @escaping (WebSocket) throws -> Void
  ) -> HTTPServer.Response {
    make(protocols, origins, configuration, headers) { socket in
      socket.run { try handler(socket) }
    }
  }

  /// Opens a WebSocket, for a handler that awaits.
  ///
  /// ```swift
  /// .webSocket { socket in
  ///   for try await message in socket {
  ///     try await socket.send(message)
  ///   }
  /// }
  /// ```
  ///
  /// The socket is closed with 1000 when the handler returns, and with 1011 when it throws.
  public static func webSocket(
    protocols: [String] = [], origins: HTTPServer.WebSocketOrigins = .sameHost,
    configuration: WebSocket.Configuration = WebSocket.Configuration(), headers: HTTPFields = HTTPFields(),
    _ handler: @escaping (WebSocket) async throws -> Void
  ) -> HTTPServer.Response {
    make(protocols, origins, configuration, headers) { socket in
      Deferred { try await handler(socket) }.addBoth { socket.handlerEnded($0) }
    }
  }

  private static func make(
    _ protocols: [String], _ origins: HTTPServer.WebSocketOrigins, _ configuration: WebSocket.Configuration,
    _ headers: HTTPFields, _ start: @escaping (WebSocket) -> Void
  ) -> HTTPServer.Response {
    let answer = WebSocketAnswer(
      protocols: protocols, origins: origins, configuration: configuration, start: start)
    var response = HTTPServer.Response(.switchingProtocols, .webSocket(answer))
    if !headers.isEmpty { response.headers = headers }
    return response
  }
}
