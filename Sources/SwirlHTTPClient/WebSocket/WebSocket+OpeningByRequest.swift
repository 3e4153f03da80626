public import SwirlDeferred
import SwirlHTTPCore
import SwirlReactor
public import SwirlWebSocket

// The other arguments that opening a WebSocket may have: a request, and fields as text.

/// Opens a WebSocket by a request with its own settings, such as a timeout or credentials, with the client of this
/// thread's reactor.
///
/// ```swift
/// webSocket(HTTPClient.Request("ws://127.0.0.1:8080/chat", timeout: .seconds(5)))
///   .addCallback { socket in socket.send("hello") }
///   .addErrback { error in print(error) }
/// ```
public func webSocket(
  _ request: HTTPClient.Request, protocols: [String] = [],
  configuration: WebSocket.Configuration = WebSocket.Configuration(),
  isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) -> Deferred<WebSocket> {
  HTTPClient.shared.webSocket(
    request, protocols: protocols, configuration: configuration, file: file, line: line)
}

/// Opens a WebSocket by a request with its own settings, for code on the reactor's thread.
public func webSocket(
  _ request: HTTPClient.Request, protocols: [String] = [],
  configuration: WebSocket.Configuration = WebSocket.Configuration(),
  isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) async throws -> WebSocket {
  HTTPClient.requireReactorForWebSocket()
  let opened: Deferred = HTTPClient.shared.webSocket(
    request, protocols: protocols, configuration: configuration, file: file, line: line)
  return try await opened.value
}

/// Opens a WebSocket with other fields in the request: `headers: ["Authorization": "Bearer \(token)"]`.
public func webSocket(
  _ url: String, protocols: [String] = [], headers: KeyValuePairs<String, String>,
  redirects: HTTPClient.Redirects = .none, configuration: WebSocket.Configuration = WebSocket.Configuration(),
  isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) -> Deferred<WebSocket> {
  HTTPClient.shared.webSocket(
    url, protocols: protocols, headers: headers, redirects: redirects, configuration: configuration, file: file,
    line: line)
}

/// Opens a WebSocket with other fields in the request, for code on the reactor's thread.
public func webSocket(
  _ url: String, protocols: [String] = [], headers: KeyValuePairs<String, String>,
  redirects: HTTPClient.Redirects = .none, configuration: WebSocket.Configuration = WebSocket.Configuration(),
  isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) async throws -> WebSocket {
  HTTPClient.requireReactorForWebSocket()
  let opened: Deferred = HTTPClient.shared.webSocket(
    url, protocols: protocols, headers: headers, redirects: redirects, configuration: configuration, file: file,
    line: line)
  return try await opened.value
}

extension HTTPClient {
  /// Opens a WebSocket with other fields in the request: `headers: ["Authorization": "Bearer \(token)"]`.
  public func webSocket(
    _ url: String, protocols: [String] = [], headers: KeyValuePairs<String, String>, redirects: Redirects = .none,
    configuration: WebSocket.Configuration = WebSocket.Configuration(), file: StaticString = #fileID,
    line: UInt = #line
  ) -> Deferred<WebSocket> {
    var request = Request(url, headers: headers)
    if redirects.limit > 0 { request.redirects = redirects }
    return webSocket(request, protocols: protocols, configuration: configuration, file: file, line: line)
  }

  /// A function of no actor runs on any thread, where a socket can't be.
  static func requireReactorForWebSocket() {
    guard Reactor.currentIfAny != nil else {
      fatalError(
        """
        a WebSocket belongs to a reactor's thread, and this function runs elsewhere: write `@MainActor func`, or call it in an actor \
        that lives on a reactor's thread
        """)
    }
  }
}
