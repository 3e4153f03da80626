import SwirlReactor

/// Tells a ``Connection`` what its transport tells. The transport alone keeps it, so that it goes away with the reactor.
final class ConnectionProtocol: StreamProtocol {
  private let link: ConnectionLink

  init(_ link: ConnectionLink) { self.link = link }

  /// A reactor that goes away tells nobody that its connections end.
  deinit { link.reactorLost() }

  func dataReceived(_ bytes: Span<UInt8>) { link.received(bytes.withUnsafeBufferPointer { Array($0) }) }

  func endReceived() -> Bool {
    link.receivedEnd()
    return true
  }

  func pauseWriting() { link.pauseWriting() }
  func resumeWriting() { link.resumeWriting() }
  func connectionLost(_ end: ConnectionEnd) { link.connectionLost(end) }
}
