public import HTTPTypes
public import SwirlDeferred
import SwirlReactor
import SwirlWebSocket

extension HTTPClient {
  /// Opens a WebSocket that connects again when a connection is lost: see ``ReconnectingWebSocket``. The parameters are
  /// those of `webSocket`.
  public func reconnectingWebSocket(
    _ url: String, protocols: [String] = [], headers: HTTPFields = HTTPFields(), redirects: Redirects = .none,
    configuration: ReconnectingWebSocket.Configuration = ReconnectingWebSocket.Configuration(),
    file: StaticString = #fileID, line: UInt = #line
  ) -> ReconnectingWebSocket {
    var request = Request(url, headers: headers)
    if redirects.limit > 0 { request.redirects = redirects }
    return reconnectingWebSocket(protocols: protocols, configuration: configuration, file: file, line: line) {
      .succeed(request)
    }
  }

  /// Opens a WebSocket that connects again, with a request of its own for each attempt: for a token that expires, or
  /// another server.
  ///
  /// `request` is called on the reactor's thread for each attempt. An error counts as that of the attempt; most end it
  /// for good, see ``ReconnectingWebSocket/Configuration/mayPass``.
  public func reconnectingWebSocket(
    protocols: [String] = [],
    configuration: ReconnectingWebSocket.Configuration = ReconnectingWebSocket.Configuration(),
    file: StaticString = #fileID, line: UInt = #line, request: @escaping () throws -> Deferred<Request>
  ) -> ReconnectingWebSocket {
    let socket = ReconnectingWebSocket(
      self, protocols, configuration, CallSite(file: file, line: line), request)
    socket.connect()
    return socket
  }
}

/// Opens a WebSocket that connects again when a connection is lost, with the client of this thread's reactor. See
/// ``ReconnectingWebSocket``.
///
/// ```swift
/// let feed = reconnectingWebSocket("ws://127.0.0.1:8080/feed")
/// feed.onConnect { connection, _ in connection.send("subscribe") }
/// feed.onText { print($0) }
/// reactor.run()
/// ```
public func reconnectingWebSocket(
  _ url: String, protocols: [String] = [], headers: HTTPFields = HTTPFields(),
  redirects: HTTPClient.Redirects = .none,
  configuration: ReconnectingWebSocket.Configuration = ReconnectingWebSocket.Configuration(),
  isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) -> ReconnectingWebSocket {
  HTTPClient.shared.reconnectingWebSocket(
    url, protocols: protocols, headers: headers, redirects: redirects, configuration: configuration, file: file,
    line: line)
}
