import Glibc
import Swirl

/// Sends back each datagram.
private final class Echo: DatagramProtocol {
  private unowned var socket: DatagramSocket!

  func socketOpened(_ socket: DatagramSocket) { self.socket = socket }
  func datagramReceived(_ bytes: Span<UInt8>, from source: SocketAddress, to destination: SocketAddress) {
    socket.send(bytes, to: source)
  }
}

@MainActor func swirlDatagramEcho() throws {
  print(try reactor.listenUDP(0, Echo()).port)
  fflush(nil)
  reactor.run()
}

/// The same with a closure, which gets each datagram as an array.
@MainActor func swirlDatagramEchoHandler() throws {
  print(try reactor.listenUDP(0) { datagram, socket in socket.reply(to: datagram, datagram.bytes) }.port)
  fflush(nil)
  reactor.run()
}
