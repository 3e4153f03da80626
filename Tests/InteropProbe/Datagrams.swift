import Foundation
import Swirl

/// Echoes datagrams at a free port of all addresses, which it prints, and at the Unix socket `unix`.
func echoDatagrams(_ arguments: [String]) throws {
  let named = settings(arguments)
  let server = try Reactor.current.listenUDP(0, interface: "") { datagram, socket in
    socket.reply(to: datagram, datagram.bytes)
  }
  let local = try named["unix"].map { path in
    try Reactor.current.listenUnixDatagrams(path) { datagram, socket in socket.reply(to: datagram, datagram.bytes) }
  }
  print(server.port)
  fflush(nil)
  Reactor.current.addSignalHandler(SIGTERM) {
    local?.close()
    Reactor.current.stop()
  }
  Reactor.current.run()
}

/// Sends `count` datagrams of `size` bytes to `host` and `port`, at most `window` before their answers, and prints how
/// many came back as they were, and the last error.
func talkDatagrams(_ arguments: [String]) {
  let named = settings(arguments)
  let (count, size) = (Int(named["count"] ?? "") ?? 1, Int(named["size"] ?? "") ?? 8)
  let window = Int(named["window"] ?? "") ?? 16
  var (sent, returned) = (0, 0)
  var error: NetError?
  func datagram(_ number: Int) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
      + [UInt8](repeating: UInt8(number & 0xFF), count: max(size - 8, 0))
  }
  Reactor.current.connectUDP(named["host"] ?? "127.0.0.1", Int(named["port"] ?? "") ?? 0) { answer, socket in
    let number = answer.bytes.prefix(8).reduce(0) { $0 << 8 | Int($1) }
    if answer.bytes == datagram(number) { returned += 1 }
    if returned == count { Reactor.current.stop() }
    if sent < count {
      socket.send(datagram(sent))
      sent += 1
    }
  }.addCallback { socket in
    socket.onError = {
      error = $0
      Reactor.current.stop()
    }
    while sent < min(window, count) {
      socket.send(datagram(sent))
      sent += 1
    }
  }.addErrback {
    print($0)
    exit(1)
  }
  Reactor.current.callLater(.seconds(20)) { Reactor.current.stop() }
  Reactor.current.run()
  print("\(returned) of \(count)\(error.map { ", \($0)" } ?? "")")
}
