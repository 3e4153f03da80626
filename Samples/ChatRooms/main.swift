// Chat rooms with a page for browsers: those at /tea talk to each other, and hear who comes and goes.
// Answers to: Tornado's chat demo with WebSocketHandler, the chat of Socket.IO's "Get started".
// Run: `swift run ChatRooms [PORT]`, and open the printed URL in two windows. Leaves out: accounts, a history, TLS.
import Foundation
import Swirl

/// What the page is sent, as JSON.
struct Event: Encodable {
  let kind: String
  let name: String
  var text = ""
  var here: [String] = []
}

final class Rooms {
  private var rooms: [String: [String: WebSocket]] = [:]

  /// The first text of a socket is the member's name, each later one a line for the room.
  func open(_ socket: WebSocket, in room: String) {
    var member: String?
    socket.onText { [self] text in
      if let member { return tell(room, Event(kind: "said", name: member, text: text)) }
      let name = text.trimmingCharacters(in: .whitespacesAndNewlines)
      guard !name.isEmpty, name.count <= 40, rooms[room]?[name] == nil else {
        return socket.close(4000, reason: "that name is empty, too long or taken")
      }
      member = name
      rooms[room, default: [:]][name] = socket
      tell(room, Event(kind: "joined", name: name, here: rooms[room, default: [:]].keys.sorted()))
    }
    socket.onClose { [self] _ in
      guard let member else { return }
      rooms[room]?[member] = nil
      if rooms[room]?.isEmpty == true { rooms[room] = nil }
      tell(room, Event(kind: "left", name: member, here: rooms[room, default: [:]].keys.sorted()))
    }
  }

  private func tell(_ room: String, _ event: Event) {
    guard let json = try? JSONEncoder().encode(event) else { return }
    rooms[room, default: [:]].values.broadcast(String(decoding: json, as: UTF8.self))
  }
}

// A member who reads too slowly is cut off, rather than that the others wait or that lines are missing.
var limits = WebSocket.Configuration()
limits.maximumMessageSize = 4096
limits.sendBufferSize = 256 * 1024
limits.overflow = .close

let page = String(decoding: PackageResources.page_html, as: UTF8.self)
let rooms = Rooms()
let server = HTTPServer { request in
  if request.path == "/" { return .redirect(to: "/lobby") }
  if request["Upgrade"] == nil { return .html(page) }
  return .webSocket(configuration: limits) { [room = request.path] socket in rooms.open(socket, in: room) }
}
let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 0
print("the rooms are at http://\(try server.listen(port).localAddress)/lobby")
reactor.run()
