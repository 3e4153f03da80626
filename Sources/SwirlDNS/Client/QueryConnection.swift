import SwirlDeferred
import SwirlNet
import SwirlPlatform
import SwirlReactor

/// A TCP connection to a server. Questions follow one another without waiting, and answers come in any order (RFC 7766
/// §6.2.1.1). It is kept for a while when it is idle.
final class QueryConnection: ReactorReleaseObserver {
  private let server: NameServer
  private unowned let reactor: Reactor
  private let timeout: Duration
  private let site: CallSite
  private var connector: Connector?
  private var transport: (any ConnectedTransport)?
  private var isClosed = false
  private var flights = FlightList()
  /// Bytes that are no whole message yet.
  private var received: [UInt8] = []
  private var idleCall: DelayedCall?
  /// Whether the present flights are on a connection that was idle before: then its end may have crossed them.
  private(set) var wasIdle = false

  /// How long an idle connection is kept (RFC 7766 §6.2.3).
  private static let idleLimit = Duration.seconds(10)

  init(to server: NameServer, timeout: Duration, on reactor: Reactor, at site: CallSite) {
    self.server = server
    self.reactor = reactor
    self.timeout = timeout
    self.site = site
  }

  var isIdle: Bool { flights.isEmpty }

  func send(_ flight: QueryFlight) {
    if flights.isEmpty, transport != nil { wasIdle = true }
    idleCall.take()?.cancel()
    flights.insert(flight, using: reactor)
    if let transport { transport.write(flight.query(length: true)) } else { connect() }
  }

  private func connect() {
    if connector != nil { return }
    // The reactor retains the connector, and that this, until it has ended or was cancelled.
    connector = reactor.connectTCP(
      host: server.address.host, port: server.address.port, timeout: timeout, at: site
    ) { [self] result in
      connector = nil
      switch result {
      case .success(let transport):
        self.transport = transport
        transport.start(self)
        for flight in flights.flights { transport.write(flight.query(length: true)) }
      case .failure(let error): end(error)
      }
    }
  }

  func remove(_ flight: QueryFlight) {
    flights.remove(flight)
    guard flights.isEmpty, !isClosed else { return }
    // Without an answer it may be broken, and an open connect has no use.
    if transport == nil { return close() }
    idleCall?.cancel()
    idleCall = reactor.callLater(Self.idleLimit) { [weak self] in self?.close() }
  }

  /// Closes it, without calls.
  func close() {
    guard let transport = leave() else { return }
    transport.close(within: timeout)
  }

  /// Takes no more questions.
  private func leave() -> (any ConnectedTransport)? {
    isClosed = true
    server.removeConnection(self)
    idleCall.take()?.cancel()
    connector.take()?.cancel()
    return transport.take()
  }

  private func end(_ error: any Error) {
    if isClosed { return }
    leave()?.abort()
    for flight in flights.takeAll() { flight.question.failed(flight, by: error, mayHaveCrossed: wasIdle) }
  }

  func reactorReleased() {
    isClosed = true
    server.removeConnection(self)
    idleCall = nil
    connector = nil
    transport = nil
    _ = flights.takeAll()
  }

  func dataReceived(_ bytes: Span<UInt8>) {
    for index in bytes.indices { received.append(bytes[index]) }
    var start = 0
    while received.count - start >= 2, !isClosed {
      let length = Int(received[start]) << 8 | Int(received[start + 1])
      guard length >= 12 else {
        return end(NetError(.read, server.name, reason: "it announces a message of \(length) bytes"))
      }
      guard received.count - start - 2 >= length else { break }
      let message = Array(received[start + 2..<start + 2 + length])
      start += 2 + length
      wasIdle = false
      if let flight = flights[UInt16(message[0]) << 8 | UInt16(message[1])] {
        flight.question.received(message, for: flight)
      }
    }
    received.removeFirst(start)
  }

  func connectionLost(_ connectionEnd: ConnectionEnd) {
    end(connectionEnd.error ?? NetError(.read, server.name, reason: "the server has closed the connection"))
  }
}
