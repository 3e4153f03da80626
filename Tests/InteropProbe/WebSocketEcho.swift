import Foundation
import Swirl

/// Autobahn's cases have messages of 16 MiB. `compression` is `off`, `without-context`, or else with context.
func webSocketConfiguration(_ arguments: [String: String]) -> WebSocket.Configuration {
  var configuration = WebSocket.Configuration()
  configuration.maximumMessageSize = 1 << 26
  configuration.sendBufferSize = 1 << 26
  switch arguments["compression"] {
  case "off": configuration.compression = .off
  case "without-context": configuration.compression = .deflateWithoutContext
  default: configuration.compression = .deflate
  }
  return configuration
}

/// A server that echoes on any path but those of ``Talk``.
func serveWebSockets(_ arguments: [String]) throws {
  let named = settings(arguments)
  let configuration = webSocketConfiguration(named)
  let talk = Talk()
  let server = HTTPServer { request in
    switch request.path {
    case "/talk": talk.answer(configuration)
    case "/refused/401": .text("who are you?", status: .unauthorized)
    case "/refused/403": .text("not you", status: .forbidden)
    default:
      .webSocket(configuration: configuration) { socket in
        socket.onMessage { socket.send($0) }
      }
    }
  }
  print(try server.listen(named["port"].flatMap { Int($0) } ?? 0, tls: serverTLS(named)).localAddress)
  fflush(nil)
  Reactor.current.run()
}

/// A client that echoes what the test server of Autobahn sends, one case after the other.
func echoCases(_ arguments: [String]) async throws {
  let named = settings(arguments)
  let configuration = webSocketConfiguration(named)
  let base = "ws://127.0.0.1:\(named["port"]!)"

  func open(_ target: String) async throws -> WebSocket {
    try await webSocket(base + target, configuration: configuration)
  }

  let counter = try await open("/getCaseCount")
  guard case .text(let count) = try await counter.receive().value, let count = Int(count) else {
    preconditionFailure("the count of the cases is no text of digits")
  }
  for number in 1...count {
    let socket = try await open("/runCase?case=\(number)&agent=Swirl")
    socket.onMessage { socket.send($0) }
    // However it is closed: the suite judges.
    _ = try await socket.closed().value
  }
  _ = try await open("/updateReports?agent=Swirl").closed().value
}
