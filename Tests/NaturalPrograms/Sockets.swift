import Foundation
import Swirl

/// WebSockets as people write them by guess.
@MainActor struct Sockets {
  func run() async throws {
    var room: Set<WebSocket> = []
    let server = HTTPServer { request in
      guard request["X-Token"] == "t" else { return .status(.unauthorized) }
      return .webSocket { socket in
        room.insert(socket)
        defer { room.remove(socket) }
        for try await message in socket { room.broadcast(message) }
      }
    }
    let listener = try server.listen(0)
    let url = "ws://127.0.0.1:\(listener.port)/"

    let one = try await webSocket(url, headers: ["X-Token": "t"])
    let two = try await webSocket(HTTPClient.Request(url, headers: ["X-Token": "t"], timeout: .seconds(5)))
    try await one.send(Data("data".utf8))
    check("sendsData", try await two.receive().value == .binary(Array("data".utf8)))
    try await one.send([1, 2, 3, 4][1...2])
    check("sendsASlice", try await two.receive().value?.bytes == [2, 3])
    one.close()
    two.close()
    check("closes", try await one.closed().value.code == .normalClosure)

    await refuses("no login", url, "answered 401")
    await refuses("no scheme", "127.0.0.1:\(listener.port)/", "write ws:// before the host")
    do { _ = try await fetch(url) } catch { check("fetchesAWebSocket", "\(error)".contains("webSocket(url)")) }

    let pages = HTTPServer { request in .text(request.path) }
    let site = "http://127.0.0.1:\(try pages.listen(0).port)"
    let texts = try await HTTPClient.shared.map(["\(site)/1", "\(site)/2"], atMost: 2).value.map { $0?.text }
    check("mapsURLs", texts == ["/1", "/2"])
    try await server.stop().value
    pages.stop()
  }

  private func refuses(_ name: String, _ url: String, _ words: String) async {
    do { _ = try await webSocket(url) } catch { check("refuses \(name)", "\(error)".contains(words)) }
  }
}
