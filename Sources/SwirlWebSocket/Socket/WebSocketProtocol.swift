package import SwirlNet

/// The protocol of a transport that carries a WebSocket: what the transport calls.
package final class WebSocketProtocol: GracefulProtocol, ReactorReleaseObserver {
  package let socket: WebSocket
  package var onEnd: ((_ isReleased: Bool) -> Void)?
  private var start: ((WebSocket) -> Void)?

  /// - Parameter start: called once, when the handshake is sent.
  package init(_ socket: WebSocket, start: @escaping (WebSocket) -> Void) {
    self.socket = socket
    self.start = start
  }

  package func connectionMade(_ transport: any Transport) {
    socket.startWatch()
    start.take()?(socket)
  }

  package func dataReceived(_ bytes: Span<UInt8>) { socket.received(bytes) }
  package func endReceived() -> Bool { socket.inputEnded() }
  package func pauseWriting() { socket.writingPaused() }
  package func resumeWriting() { socket.writingResumed() }

  package func connectionLost(_ end: ConnectionEnd) {
    socket.connectionLost(end)
    onEnd.take()?(false)
  }

  package func reactorReleased() {
    start = nil
    onEnd.take()?(true)
    socket.reactorReleased()
  }

  package func closeGracefully() {
    if socket.isOpen { socket.close(.goingAway) }
  }
}
