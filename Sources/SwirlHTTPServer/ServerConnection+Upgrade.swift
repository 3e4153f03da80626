import SwirlHTTPCore
import SwirlNet
import SwirlReactor
import SwirlHTTPCore

/// The way to another protocol.
extension ServerConnection {
  /// Writes the answer that says so. The connection changes hands when the machine has nothing else to do.
  func upgrade(
    _ makeProtocol: (any Transport) throws -> any StreamProtocol, _ response: HTTPServer.Response,
    for exchange: Exchange
  ) {
    do {
      // Asked first: where the client has not offered it, no code of the program is called.
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

  /// Gives the transport away, with the bytes that were read and are not HTTP.
  func handOver(to successor: any StreamProtocol) {
    // What it does with the connection from now on is the successor's matter.
    reportAll()
    server.remove(self)
    let (bytes, start) = takeUnread()
    let transport = transport!
    // Resumed before the successor has it, which may pause it again, and while no protocol is there: these bytes come first.
    transport.streamProtocol = nil
    transport.resumeReading()
    transport.streamProtocol = successor
    successor.connectionMade(transport)
    // The successor may have closed the connection, or given it to a protocol of its own.
    if start < bytes.count, !transport.isClosing {
      transport.streamProtocol?.dataReceived(bytes.span.extracting(start...))
    }
  }
}
