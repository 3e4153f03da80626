public import HTTPTypes
public import SwirlDeferred
public import SwirlWebSocket

/// Opens a WebSocket with the client of this thread's reactor. See `HTTPClient.webSocket`.
///
/// ```swift
/// webSocket("ws://127.0.0.1:8080/chat").addCallback { socket in
///   socket.onText { print($0) }
///   socket.send("hello")
/// }
/// reactor.run()
/// ```
public func webSocket(
  _ url: String, protocols: [String] = [], headers: HTTPFields = HTTPFields(),
  redirects: HTTPClient.Redirects = .none, configuration: WebSocket.Configuration = WebSocket.Configuration(),
  isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) -> Deferred<WebSocket> {
  HTTPClient.shared.webSocket(
    url, protocols: protocols, headers: headers, redirects: redirects, configuration: configuration, file: file,
    line: line)
}

/// Opens a WebSocket, for code on the reactor's thread: `let socket = try await webSocket(url)` in a `@MainActor func`.
/// At the top level of `main.swift` end it with `.value`. Elsewhere it traps.
public func webSocket(
  _ url: String, protocols: [String] = [], headers: HTTPFields = HTTPFields(),
  redirects: HTTPClient.Redirects = .none, configuration: WebSocket.Configuration = WebSocket.Configuration(),
  isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) async throws -> WebSocket {
  HTTPClient.requireReactorForWebSocket()
  let opened: Deferred = HTTPClient.shared.webSocket(
    url, protocols: protocols, headers: headers, redirects: redirects, configuration: configuration, file: file,
    line: line)
  return try await opened.value
}
