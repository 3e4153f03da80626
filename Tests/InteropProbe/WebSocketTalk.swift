import Foundation
import Swirl

/// The server's end of a talk with a program of others. `/talk` chooses the subprotocol `chat`, echoes, and knows
/// words: `ping` has it send a ping, and `pong` after the pong; `close` has it close with 4001 and a reason; `last` is
/// answered with how the last talk was closed.
final class Talk {
  private var last = ""

  func answer(_ configuration: WebSocket.Configuration) -> HTTPServer.Response {
    .webSocket(protocols: ["chat"], configuration: configuration) { [self] socket in
      socket.onMessage { message in
        switch message.text {
        case "ping": socket.ping().addCallback { _ in socket.send("pong") }.withoutValue
        case "last": socket.send(self.last)
        case "close":
          socket.close(4001, reason: "bye, \u{20AC}")
          Deferred.succeed()
        default: socket.send(message)
        }
      }
      socket.onClose { [self] close in last = "\(close.code) \(close.reason) \(close.isClean ? "clean" : "not clean")" }
    }
  }
}

/// The client's end: talks with a server of others that knows the same words, and prints `ok NAME` or
/// `failed NAME: WHY` for each check.
func talkWebSocket(_ arguments: [String]) async throws {
  let named = settings(arguments)
  let url = named["url"]!
  let isCompressed = named["compression"] != "off"
  var clientConfiguration = HTTPClient.Configuration()
  if let roots = named["roots"] { clientConfiguration.tls.roots = [.file(roots)] }
  let client = HTTPClient(clientConfiguration)
  let configuration = webSocketConfiguration(named)

  func check(_ name: String, _ found: some Equatable & CustomStringConvertible, _ wanted: String) {
    let text = "\(found)"
    print(text == wanted ? "ok \(name)" : "failed \(name): \(text.prefix(200)), not \(wanted.prefix(200))")
  }
  func open(_ path: String) async throws -> WebSocket {
    try await client.webSocket(url + path, protocols: ["other", "chat"], configuration: configuration).value
  }
  func answer(_ socket: WebSocket, _ text: String) async throws -> String {
    try await socket.send(text)
    return try await socket.receive().value?.text ?? "no text"
  }

  var socket = try await open("/talk")
  check("the subprotocol", socket.subprotocol ?? "none", "chat")
  let extensions = try await answer(socket, "extensions")
  check("whether compression was agreed", extensions.contains("permessage-deflate"), "\(isCompressed)")
  if isCompressed {
    let hasContext = !extensions.contains("no_context_takeover")
    check("context of the compression", hasContext, "\(named["compression"] != "without-context")")
  }
  let letters = String(repeating: "0123456789abcdef", count: 4096)
  let messages: [WebSocket.Message] = [
    .text(""), .text("ünïcödé, €, 😀"), .binary([]), .binary(Array(0...255)), .text(letters), .text(letters),
    .binary((0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }),
  ]
  var wrong: [Int] = []
  for (index, message) in messages.enumerated() {
    try await socket.send(message)
    if try await socket.receive().value != message { wrong.append(index) }
  }
  check("messages of each size", wrong, "[]")
  if named["fragments"] == "yes" {
    let text = try await answer(socket, "fragments")
    check("1 MiB in fragments", text == String(repeating: "0123456789abcdef", count: 1 << 16), "true")
  }
  check("a ping", try await socket.ping().value < .seconds(30), "true")
  check("a ping of the peer", try await answer(socket, "ping"), "pong")
  try await socket.send("close")
  var close = try await socket.closed().value
  check("the peer closes", "\(close.code) \(close.reason) \(close.isClean)", "4001 bye, \u{20AC} true")

  socket = try await open("/talk")
  socket.close(4002, reason: "done, \u{20AC}")
  close = try await socket.closed().value
  check("we close", close.isClean, "true")
  socket = try await open("/talk")
  var last = try await answer(socket, "last")
  // The peer may take note of an end after it has taken the next connection: then it still tells of the one before.
  for _ in 0..<1_000 where last.hasPrefix("4001") { last = try await answer(socket, "last") }
  check("we close, as the peer saw it", last, "4002 done, \u{20AC}")
  socket.close()

  for status in [401, 403] {
    do {
      _ = try await open("/refused/\(status)")
      check("refused with \(status)", "taken", "refused")
    } catch let error as HTTPStatusError {
      check("refused with \(status)", error.status.code, "\(status)")
    }
  }
}
