import SwirlNet
import SwirlReactor
import SwirlHTTPCore

extension ServerConnection {
  /// Gives the connection to another protocol once the answer that says so is written.
  func handOver(
    _ makeProtocol: (any Transport) throws -> any StreamProtocol, _ response: HTTPServer.Response,
    for exchange: Exchange
  ) {
    guard let request = exchange.request, awaitsUpgrade, upload == nil else {
      let reason = upload == nil ? "which the client has not asked for" : "before the request's body is whole"
      log("the response gives the connection to another protocol, \(reason)", of: exchange.request)
      exchange.state = .ready(.internalServerError)
      return
    }
    let successor: any StreamProtocol
    do {
      successor = try makeProtocol(transport)
      try appendHead(response, .none, to: request)
    } catch {
      log("the upgrade failed: \(error)", of: request)
      exchange.state = .ready(.internalServerError)
      return
    }
    flush()
    finished(exchange, response.status.code, 0, isComplete: true)
    // What it does with the connection from now on is the successor's matter.
    reportAll()
    exchanges = []
    input = .handedOver
    output = .over
    timer.take()?.cancel()
    let rest = takeRest()
    server.remove(self)
    let transport = transport!
    // Resumed before the successor has it, which may pause it again, and while no protocol is there: `rest` comes first.
    transport.streamProtocol = nil
    if isReadingPaused { transport.resumeReading() }
    transport.streamProtocol = successor
    successor.connectionMade(transport)
    // The successor may have closed the connection, or given it to a protocol of its own.
    if !rest.isEmpty, !transport.isClosing { transport.streamProtocol?.dataReceived(rest.span) }
  }
}
