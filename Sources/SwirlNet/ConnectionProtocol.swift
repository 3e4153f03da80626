import SwirlReactor

/// Forwards a transport's callbacks to its ``Connection``. Only the transport retains it, so that it is released with
/// the reactor.
final class ConnectionProtocol: StreamProtocol, InputHolder {
  private let link: ConnectionLink

  init(_ link: ConnectionLink) { self.link = link }

  /// A released reactor does not notify protocols of the end of connections.
  deinit { link.reactorLost() }

  func dataReceived(_ bytes: Span<UInt8>) { link.received(bytes.withUnsafeBufferPointer { Array($0) }) }

  func endReceived() -> Bool {
    link.receivedEnd()
    return true
  }

  var heldBytes: Int { link.inbound.bufferedCost }
  func pauseWriting() { link.pauseWriting() }
  func resumeWriting() { link.resumeWriting() }
  func connectionLost(_ end: ConnectionEnd) { link.connectionLost(end) }
}
