#if HTTP2
import SwirlHTTP2
import SwirlNet
import SwirlReactor

/// The ends of a connection: those that it announces, and those of errors.
extension HTTP2ServerConnection {
  func drain() {
    guard state == .open else { return }
    for stream in inOrder {
      (stream.tunnel?.streamProtocol as? any GracefulProtocol)?.closeGracefully()
      if case .streaming(let body)? = stream.exchange?.state { body.serverStopping() }
    }
    // Twice, so that requests on their way are answered (RFC 9113 §6.8).
    state = .announced
    session.announceShutdown()
    session.ping(Self.shutdownPing)
    idleDeadline = reactor.turnTime + Self.shutdownNotice
    arm(at: idleDeadline)
    wire.flushSoon()
  }

  /// How long a client has to answer that it has seen the end coming.
  private static let shutdownNotice: Int64 = 1_000_000_000

  /// The data of the PING that asks for the answer: other answers say nothing.
  static let shutdownPing: UInt64 = 0x5357_4952_4C31_0001

  /// Takes no more requests.
  func drainNow() {
    guard state == .open || state == .announced else { return }
    state = .draining
    idleDeadline = .max
    session.goAway(lastStream: session.lastPeerStream)
    wire.flushSoon()
  }

  func abort() { transport.abort() }

  /// Ends the connection with the code of an error.
  func terminate(_ code: HTTP2ErrorCode) {
    session.terminate(code)
    wire.flush()
  }

  /// Closes our direction; the client's input is dropped, because a reset could overtake our last bytes.
  func close() {
    guard state != .lingering, state != .over else { return }
    state = .lingering
    cancelStreams()
    transport.closeWrite()
    idleDeadline = reactor.turnTime + (transport.bufferedBytes > 0 ? server.times.write : server.times.linger)
    arm(at: idleDeadline)
  }
}
#endif
