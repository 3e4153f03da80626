import SwirlDeferred
import SwirlNet
import SwirlReactor

/// A server that a client asks: what is known of it, and the ways to it.
final class NameServer {
  let address: SocketAddress
  /// As text, for messages.
  let name: String
  /// Whether questions to it have an OPT record; false since it could not read one.
  @safe @exclusivity(unchecked) var usesEDNS: Bool
  /// Whether it has answered a question with an OPT record.
  @safe @exclusivity(unchecked) var hasAnsweredEDNS = false
  /// Until when it is asked after the others, because it did not answer.
  @safe @exclusivity(unchecked) private(set) var isSilentUntil: Instant?
  @safe @exclusivity(unchecked) private var port: QueryPort?
  private var connection: QueryConnection?
  /// The ports that may have questions in flight, for a close.
  private var ports: [QueryPort] = []
  private unowned let reactor: Reactor

  /// How long a server that did not answer is asked last.
  private static let silence = Duration.seconds(30)

  init(_ address: SocketAddress, usesEDNS: Bool, on reactor: Reactor) {
    self.address = address
    name = address.description
    self.usesEDNS = usesEDNS
    self.reactor = reactor
  }

  func noteAnswer() { isSilentUntil = nil }
  func noteSilence() { isSilentUntil = reactor.now + Self.silence }

  func isSilent(at now: Instant) -> Bool { isSilentUntil.map { $0 > now } ?? false }

  /// A port for a question: the present one, or a new one, which the system chooses at random, if that is used up.
  func openPort(at site: CallSite) throws(NetError) -> QueryPort {
    if let port, port.hasRoom { return port }
    let port = try QueryPort(to: self, on: reactor, at: site)
    self.port = port
    ports.append(port)
    return port
  }

  /// `port` was closed.
  func removePort(_ port: QueryPort) {
    if self.port === port { self.port = nil }
    ports.removeAll { $0 === port }
  }

  /// The kept connection, or a new one.
  func openConnection(timeout: Duration, at site: CallSite) -> QueryConnection {
    if let connection { return connection }
    let connection = QueryConnection(to: self, timeout: timeout, on: reactor, at: site)
    self.connection = connection
    return connection
  }

  func removeConnection(_ connection: QueryConnection) {
    if self.connection === connection { self.connection = nil }
  }

  /// Closes all ways to it; questions in flight must have ended.
  func close() {
    for port in ports { port.close() }
    connection?.close()
  }

  /// Closes its connection, if that is idle: it is asked no more. Ways with questions in flight close by themselves.
  func closeIdle() {
    if let connection, connection.isIdle { connection.close() }
  }

  /// Releases all, without calls: the reactor is being released.
  func abandon() {
    port = nil
    ports = []
    connection = nil
  }
}
