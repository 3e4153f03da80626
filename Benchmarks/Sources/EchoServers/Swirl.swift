import Glibc
import Swirl

/// Sends back each piece, and stops reading while the peer does not read.
private final class Echo: StreamProtocol {
  private unowned var transport: (any Transport)!

  func connectionMade(_ transport: any Transport) { self.transport = transport }
  func dataReceived(_ bytes: Span<UInt8>) { transport.write(bytes) }
  func pauseWriting() { transport.pauseReading() }
  func resumeWriting() { transport.resumeReading() }
  func connectionLost(_ end: ConnectionEnd) {}
}

@MainActor func swirlEcho() throws {
  let listener = try reactor.listenTCP(0) { _ in Echo() }
  print(listener.localAddress.port)
  fflush(nil)
  reactor.run()
}
