import SwirlHTTPCore
import SwirlNet
import SwirlReactor
import SwirlWebSocket

/// An upstream's connection that has switched its protocol, until the client's has too. It is closed if that does not
/// happen.
final class TunnelStart {
  private var upstream: (any Transport)?

  init(_ upstream: any Transport) { self.upstream = upstream }

  /// The protocol of the client's connection.
  func begin(with client: any Transport) -> any StreamProtocol {
    let upstream = upstream.take()!
    let ends = (TunnelEnd(client), TunnelEnd(upstream))
    ends.0.other = ends.1
    ends.1.other = ends.0
    return ends.0
  }

  deinit { upstream?.abort() }
}

/// One end of two connections whose bytes pass as they are, each under the back-pressure of the other.
///
/// The end of one ends the other: after what is on its way if it was orderly, at once if it broke. A WebSocket needs no
/// half-closed connection (RFC 6455 §7.1.1).
final class TunnelEnd: GracefulProtocol, ReactorReleaseObserver {
  /// How long the other connection may take for the last bytes.
  private static let closeLimit = Duration.seconds(10)

  private let transport: any Transport
  /// nil once one of the connections has ended.
  var other: TunnelEnd?
  var onEnd: ((_ isReleased: Bool) -> Void)?

  init(_ transport: any Transport) { self.transport = transport }

  /// The client's end is the first to begin, and begins that of the upstream.
  func connectionMade(_ transport: any Transport) {
    guard let other, other.transport.streamProtocol == nil else { return }
    other.transport.streamProtocol = other
    other.connectionMade(other.transport)
  }

  func dataReceived(_ bytes: Span<UInt8>) { other?.transport.write(bytes) }

  func pauseWriting() { other?.transport.pauseReading() }

  func resumeWriting() { other?.transport.resumeReading() }

  func endReceived() -> Bool {
    other?.transport.close(within: Self.closeLimit)
    return false
  }

  func connectionLost(_ end: ConnectionEnd) {
    if let other = other.take() {
      other.other = nil
      if end.code == .closed { other.transport.close(within: Self.closeLimit) } else { other.transport.abort() }
    }
    onEnd.take()?(false)
  }

  func reactorReleased() {
    other?.other = nil
    other = nil
    onEnd.take()?(true)
  }

  /// The server stops. No frame can be put between those of others: the connection alone ends.
  func closeGracefully() {
    other?.transport.close(within: Self.closeLimit)
    transport.close(within: Self.closeLimit)
  }
}

/// Sec-WebSocket-Accept for a client's key.
enum WebSocketAccept {
  static func value(_ key: String) -> String { WebSocketHandshake.accept(key: key) }
}
