import SwirlHTTPCore
import SwirlNet

/// A connection that a server has switched to the protocol that a request offered (RFC 9110 §7.8).
struct Upgrade {
  /// The answer, a 101; over HTTP/2 a 2xx.
  let head: ResponseHead
  /// The connection, without a protocol: it reads when it gets one.
  let transport: any Transport
  /// What came behind the answer, the beginning of the other protocol.
  let rest: [UInt8]

  /// Gives the connection its protocol.
  func begin(_ successor: any StreamProtocol) {
    transport.streamProtocol = successor
    successor.connectionMade(transport)
    // It may have closed the connection already.
    if !rest.isEmpty, !transport.isClosing { transport.streamProtocol?.dataReceived(rest.span) }
  }
}

typealias UpgradeHandler = (Upgrade) -> Void
