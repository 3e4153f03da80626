// A chat room that sends each line to all other members.
// Answers to: the chat of Twisted's page on writing servers.
// Run: `swift run ChatServer [PORT]`, then `telnet 127.0.0.1 PORT`.
import Swirl

/// The members, by name.
final class Room {
  var chatters: [String: Chatter] = [:]
}

/// A member, or a client that has not sent its name yet: the first line is the name.
final class Chatter: LineReceiver {
  private let room: Room
  private var name: String?

  init(_ room: Room) {
    self.room = room
    super.init()
  }

  override func connectionMade(_ transport: any Transport) {
    super.connectionMade(transport)
    tell("what is your name?")
  }

  override func lineReceived(_ line: String) {
    if let name {
      tellOthers("<\(name)> \(line)")
    } else if line.isEmpty || room.chatters[line] != nil {
      tell("that name is taken, another?")
    } else {
      name = line
      room.chatters[line] = self
      tell("welcome, \(line): \(room.chatters.count) here")
      tellOthers("\(line) has come")
    }
  }

  override func connectionLost(_ end: ConnectionEnd) {
    guard let name else { return }
    room.chatters[name] = nil
    tellOthers("\(name) has gone")
  }

  private func tell(_ line: String) {
    // `sendLine` throws for a line that is too long or contains a line end; drop it.
    try? sendLine(line)
  }

  private func tellOthers(_ line: String) {
    for (other, chatter) in room.chatters where other != name { chatter.tell(line) }
  }
}

let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 0
let room = Room()
let listener = try reactor.listenTCP(port) { _ in Chatter(room) }
print("the room is at \(listener.localAddress)")
reactor.run()
