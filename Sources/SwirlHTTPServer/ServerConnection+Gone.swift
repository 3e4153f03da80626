import SwirlNet
import SwirlReactor

extension ServerConnection {
  /// Looks for the client while reading is paused, when its end or reset is not read. One that has ended is treated as when its end is read.
  func checkPausedClient() {
    guard machine.isReadingPaused, machine.isOpen, let socket = transport as? SocketTransport, socket.checkPeer() else { return }
    // What a client has sent before it ended its direction still counts then. After a reset the connection is over.
    guard machine.isOpen, !server.configuration.answersHalfClosedClients else { return }
    if !endReceived() { transport.close() }
  }

  /// Releases what holds the connection, which are requests under way and the server, and calls nothing of the program: what that would start
  /// has no loop to run in.
  func reactorReleased() {
    machine.connectionLost()
    timer.take()?.cancel()
    upload.take()?.finish(throwing: HTTPServer.ClientDisconnectedError())
    let released = exchanges
    exchanges = []
    for exchange in released {
      if case .streaming(let body) = exchange.state { body.connectionReleased() }
      exchange.state = .done
      exchange.connection = nil
      exchange.connection = nil
      exchange.source = nil
    }
    server.forget(self)
    withExtendedLifetime(released) {}
  }
}
