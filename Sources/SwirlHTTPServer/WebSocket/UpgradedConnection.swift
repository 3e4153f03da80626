import SwirlNet
import SwirlReactor

/// A connection that speaks another protocol now, and still belongs to its server: it counts, and a stop ends it.
final class UpgradedConnection: ServedConnection {
  private(set) var server: HTTPServer
  var number = 0
  private(set) var facts: ConnectionFacts!
  private let transport: any Transport
  private let successor: any GracefulProtocol

  init(_ successor: any GracefulProtocol, _ transport: any Transport, of server: HTTPServer) {
    self.successor = successor
    self.transport = transport
    self.server = server
  }

  /// Takes the place of the connection of HTTP.
  func succeed(_ connection: ServerConnection) {
    facts = connection.facts
    server.replace(connection, by: self)
    // The transport retains the protocol until the connection's end.
    successor.onEnd = { [self] isReleased in isReleased ? server.forget(self) : server.remove(self) }
  }

  var reactor: Reactor! { transport.reactor }

  // Its answer is in the access log already.
  var unreported: [UnreportedAnswer] = []
  var writtenBytes: Int { 0 }
  var sentBytes: Int { 0 }
  var heldBytes: Int { transport.bufferedBytes }
  var accountedBytes = 0

  // The protocol looks after its client.
  var isReadingPaused: Bool { false }
  func checkPausedClient() {}

  func drain() { successor.closeGracefully() }
  func abort() { transport.abort() }
}
