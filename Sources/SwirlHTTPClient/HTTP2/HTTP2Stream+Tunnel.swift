#if HTTP2
import SwirlHTTP2
import SwirlHTTPCore
import SwirlNet

/// A stream that is for another protocol after its answer (RFC 8441 §5).
extension HTTP2Stream {
  /// The server takes the tunnel: the stream is the program's.
  func handOver(_ head: ResponseHead) {
    guard let sink = exchange.stream as? any TransportSink else { return }
    isOver = true
    let tunnel = HTTP2StreamTransport(id, on: connection.wire)
    self.tunnel = tunnel
    exchange.client?.storeCookies(of: head, from: exchange)
    let response = exchange.response(head, isDecoded: false, birth: connection.takeBirth())
    sink.take(tunnel)
    exchange.finish(.success(response))
  }

  func outputEnded() { tunnel?.outputEnded() }

  func tunnelClosed(_ code: HTTP2ErrorCode) {
    guard let tunnel else { return }
    connection.remove(self)
    tunnel.lost(
      code == .noError ? ConnectionEnd(.closed) : .failed("the server reset the stream with \(code)", tunnel))
  }
}

extension ConnectionEnd {
  /// The end of a stream or of its connection, by the server or by the network.
  static func failed(_ reason: String, _ transport: any Transport) -> ConnectionEnd {
    ConnectionEnd(.failed, error: NetError(.read, transport.peerAddress?.description ?? "the server", reason: reason))
  }
}
#endif
