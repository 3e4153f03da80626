import Glibc
import Measure

/// A connection of WebSocket whose client costs next to nothing: its frames are made and masked once, and of those
/// that come only the bytes are counted, as an echo has as many as the server's frame.
final class WebSocketConnection {
  private let connection: Connection

  init(_ port: UInt16) {
    connection = Connection(port)
    connection.send(
      Array(
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n").utf8))
    let head = connection.receive(until: Array("\r\n\r\n".utf8))
    guard head.starts(with: Array("HTTP/1.1 101 ".utf8)) else {
      fail("no WebSocket: \(String(decoding: head, as: UTF8.self))")
    }
  }

  /// A binary message of a client, masked.
  static func message(_ size: Int) -> [UInt8] {
    let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
    return header(size, mask: 0x80) + key + (0..<size).map { UInt8(truncatingIfNeeded: $0 % 251) ^ key[$0 & 3] }
  }

  /// How many bytes a server's frame has for a message.
  static func answerSize(_ size: Int) -> Int { header(size, mask: 0).count + size }

  private static func header(_ size: Int, mask: UInt8) -> [UInt8] {
    switch size {
    case ...125: [0x82, mask | UInt8(size)]
    case ...0xFFFF: [0x82, mask | 126, UInt8(size >> 8), UInt8(size & 0xFF)]
    default: [0x82, mask | 127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: size >> (8 * $0)) }
    }
  }

  func send(_ message: [UInt8]) { connection.send(message) }
  func receive(_ count: Int) { connection.receive(count) }

  /// Checks one answer to its last byte.
  func check(_ size: Int) {
    send(Self.message(size))
    let answer = connection.received(Self.answerSize(size))
    let wanted = Self.header(size, mask: 0) + (0..<size).map { UInt8(truncatingIfNeeded: $0 % 251) }
    if answer != wanted { fail("the echo is wrong: \(answer.prefix(16))…, not \(wanted.prefix(16))…") }
  }
}

/// Messages of `size` bytes there and back.
func webSocketEcho(connections count: Int, size: Int) {
  let sockets = (0..<count).map { _ in WebSocketConnection(port) }
  for socket in sockets { socket.check(size) }
  let message = WebSocketConnection.message(size)
  let answer = WebSocketConnection.answerSize(size)
  print("ready")
  fflush(nil)
  var trips = 0
  let start = Usage.now
  repeat {
    for socket in sockets { socket.send(message) }
    for socket in sockets { socket.receive(answer) }
    trips += count
  } while monotonicSeconds() < start.wall + seconds
  Report(operations: trips, from: start).send()
}

/// A message of one client goes to all; an operation is one of those that arrive.
func webSocketBroadcast(connections count: Int, size: Int) {
  let sockets = (0..<count).map { _ in WebSocketConnection(port) }
  let message = WebSocketConnection.message(size)
  let answer = WebSocketConnection.answerSize(size)
  print("ready")
  fflush(nil)
  var arrived = 0
  let start = Usage.now
  repeat {
    sockets[0].send(message)
    for socket in sockets { socket.receive(answer) }
    arrived += count
  } while monotonicSeconds() < start.wall + seconds
  Report(operations: arrived, from: start).send()
}
