import SwirlPlatform
import Testing

@testable import SwirlNet

/// A client on a port of this machine, by blocking system calls: for tests whose servers run on other threads.
final class BlockingPeer: Sendable {
  let descriptor: Int32

  /// Connects; nil if it is refused.
  init?(_ port: Int, at address: String = "127.0.0.1") {
    descriptor = Socket.stream(AF_INET)
    _ = fcntl(descriptor, F_SETFL, 0)
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    // So that its port is no other suite's: see `OwnSockets`.
    _ = Socket.bind(descriptor, to: SocketAddress(ip: "127.0.0.2", port: 0)!)
    guard Socket.connect(descriptor, to: SocketAddress(ip: address, port: port)!) == .done else { return nil }
  }

  deinit { Socket.close(descriptor) }

  func send(_ text: String) {
    let count = Array(text.utf8).withUnsafeBufferPointer { Socket.send(descriptor, $0) }
    #expect(count == text.utf8.count)
  }

  /// What arrives until `end`, or EOF, an error or the time limit.
  func receive(until end: String = "\u{0}") -> String {
    var text = ""
    var bytes = [UInt8](repeating: 0, count: 65536)
    while !text.contains(end) {
      let count = recv(descriptor, &bytes, bytes.count, 0)
      if count < 0 { return text + "(errno \(errno))" }
      if count == 0 { return text }
      text += String(decoding: bytes.prefix(count), as: UTF8.self)
    }
    return text
  }

  /// The response to one request on a connection of its own.
  static func fetch(_ port: Int, _ path: String = "/", at address: String = "127.0.0.1") -> String {
    guard let peer = BlockingPeer(port, at: address) else { return "refused" }
    peer.send(get(path, "Connection: close\r\n"))
    return peer.receive()
  }
}
