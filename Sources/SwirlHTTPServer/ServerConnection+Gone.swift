import SwirlNet
import SwirlReactor

extension ServerConnection {
  var isReadingPaused: Bool { machine.isReadingPaused }

  /// Checks for EOF or a reset while reading is paused. Treats EOF as if it was read.
  func checkPausedClient() {
    guard machine.isReadingPaused, machine.isOpen, let socket = transport as? SocketTransport, socket.checkPeer() else {
      return
    }
    // With half-closed clients, bytes sent before EOF still count. After a reset the connection has ended.
    guard machine.isOpen, !server.configuration.answersHalfClosedClients, !facts.isSendingFile else { return }
    if !endReceived() { transport.close() }
  }

  /// Releases the owners of the connection, which are requests in progress and the server, without calling the
  /// program's code: the loop has ended.
  func reactorReleased() {
    machine.connectionLost()
    timer.take()?.cancel()
    upload.take()?.finish(throwing: HTTPServer.ClientDisconnectedError())
    let released = exchanges
    exchanges = []
    for exchange in released {
      if case .streaming(let body) = exchange.state { body.connectionReleased() }
      exchange.state = .done
      exchange.responder = nil
      exchange.source = nil
    }
    server.forget(self)
    withExtendedLifetime(released) {}
  }
}
