import SwirlHTTPCore
import SwirlNet
import SwirlReactor
import SwirlHTTPCore

/// Switches to another protocol.
extension ServerConnection {
  /// Writes the response. The connection is handed over when the machine has no other work.
  func upgrade(
    _ makeProtocol: (any Transport) throws -> any StreamProtocol, _ response: HTTPServer.Response,
    for exchange: Exchange
  ) {
    do {
      // Check first: if the client has not offered it, do not call the program's code.
      _ = try machine.plan(
        ResponseFacts(status: response.status.code, kind: .upgrade, length: nil),
        to: exchange.request?.head.answered ?? .unreadable)
      let successor = try makeProtocol(transport)
      try appendHead(response, .upgrade, nil, to: exchange.request)
      self.successor = successor
    } catch {
      return replaceFirst(error, "the upgrade failed")
    }
    exchanges = []
    machine.handedOver()
    finished(exchange, response.status.code, 0, isComplete: true)
  }

  /// Hands over the transport, with the bytes that were read and are not HTTP.
  func handOver(to successor: any StreamProtocol) {
    // From here the successor owns the connection.
    reportAll()
    let transport = transport!
    let graceful = successor as? any GracefulProtocol
    if let graceful {
      UpgradedConnection(graceful, transport, of: server).succeed(self)
    } else {
      server.remove(self)
    }
    let (bytes, start) = takeUnread()
    // Resume before the successor gets it, because that may pause it again, and while it has no protocol, so that these
    // bytes come first.
    transport.streamProtocol = nil
    transport.resumeReading()
    transport.streamProtocol = successor
    successor.connectionMade(transport)
    // The server was stopped while the handler thought about it.
    if machine.isDraining { graceful?.closeGracefully() }
    // The successor may have closed the connection, or replaced itself by another protocol.
    if start < bytes.count, !transport.isClosing {
      transport.streamProtocol?.dataReceived(bytes.span.extracting(start...))
    }
  }
}
