import SwirlReactor

/// The connections of a reactor: it keeps them until they end, since nobody else has to.
///
/// When the reactor itself is let go of, they are closed without a word: there is no loop left to tell it in.
final class OpenTransports {
  private var transports: [ObjectIdentifier: SocketTransport] = [:]

  static func of(_ reactor: Reactor) -> OpenTransports {
    reactor.attached(OpenTransports.self) { OpenTransports() }
  }

  func insert(_ transport: SocketTransport) { transports[ObjectIdentifier(transport)] = transport }
  func remove(_ transport: SocketTransport) { transports[ObjectIdentifier(transport)] = nil }

  deinit {
    for transport in transports.values {
      transport.closeDescriptor()
      // They hold each other. It is let go of after the change, since its deinit may use the transport.
      let untold = transport.streamProtocol
      transport.streamProtocol = nil
      withExtendedLifetime(untold) {}
    }
  }
}
