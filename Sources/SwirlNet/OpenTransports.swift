import SwirlReactor

/// A protocol that others hold while its connection is open, so that it must release itself when the reactor is released: it is not told of
/// an end then.
package protocol ReactorReleaseObserver: StreamProtocol {
  /// Called once, in the place of `connectionLost`. The reactor must not be used any more.
  func reactorReleased()
}

/// The connections of a reactor: it keeps them until they end, since nobody else has to.
///
/// When the reactor itself is let go of, they are closed without a word: there is no loop left to tell it in.
final class OpenTransports {
  private var list = KeptList<SocketTransport>()
  var transports: [SocketTransport] { list.elements }

  static func of(_ reactor: Reactor) -> OpenTransports {
    reactor.attached(OpenTransports.self) { OpenTransports() }
  }

  func insert(_ transport: SocketTransport) { list.insert(transport) }
  func remove(_ transport: SocketTransport) { list.remove(transport) }

  deinit {
    for transport in transports {
      transport.closeDescriptor()
      // They hold each other. It is let go of after the change, since its deinit may use the transport.
      let untold = transport.streamProtocol
      transport.streamProtocol = nil
      (untold as? any ReactorReleaseObserver)?.reactorReleased()
      withExtendedLifetime(untold) {}
    }
  }
}
