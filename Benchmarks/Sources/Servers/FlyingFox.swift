import FlyingFox
import Foundation
import Glibc

/// Its own socket pool on epoll, without a log.
func flyingFox() async throws {
  let large = Data(Pages.large)
  let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: 0), logger: .disabled)
  await server.appendRoute("/hello") { _ in HTTPResponse(statusCode: .ok, body: Data(Pages.hello.utf8)) }
  await server.appendRoute("/1m") { _ in HTTPResponse(statusCode: .ok, body: large) }
  let running = Task { try await server.run() }
  try await server.waitUntilListening()
  switch await server.listeningAddress {
  case .ip4(_, let port): listening(on: Int(port))
  case .ip6(_, let port): listening(on: Int(port))
  default: break
  }
  try await running.value
}
