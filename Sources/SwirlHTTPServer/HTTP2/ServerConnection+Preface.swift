#if HTTP2
import SwirlHTTP2
import SwirlNet

/// Finds out which version of HTTP a connection speaks.
extension ServerConnection {
  /// The first bytes of a client of HTTP/2 (RFC 9113 §3.4).
  private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  /// Passes a connection whose client has chosen HTTP/2 in the TLS handshake to that (RFC 9113 §3.2).
  func switchesToHTTP2(_ transport: any Transport) -> Bool {
    guard server.configuration.http2, let tls = transport.tlsInfo else { return false }
    prefaceBytes = -1
    guard tls.applicationProtocol == "h2" else { return false }
    let connection = HTTP2ServerConnection(server)
    transport.streamProtocol = connection
    connection.connectionMade(transport)
    return true
  }

  /// Compares the first bytes with the preface (RFC 9113 §3.3); false if they are HTTP/1.
  func takesPreface(_ bytes: Span<UInt8>) -> Bool {
    let preface = Self.preface
    var matched = prefaceBytes
    var offset = 0
    while offset < bytes.count, matched < preface.count {
      guard bytes[offset] == preface[matched] else {
        // Those of this read follow.
        giveBackPreface()
        return false
      }
      offset += 1
      matched += 1
    }
    prefaceBytes = matched
    if matched == preface.count { switchToHTTP2(bytes.extracting(offset...)) }
    return true
  }

  /// The bytes that looked like a preface belong to a request of HTTP/1.
  func giveBackPreface() {
    let count = prefaceBytes
    prefaceBytes = -1
    if count > 0 { keep(Self.preface.span.extracting(..<count)) }
  }

  private func switchToHTTP2(_ rest: Span<UInt8>) {
    prefaceBytes = -1
    let connection = HTTP2ServerConnection(server)
    leave()
    transport.streamProtocol = connection
    connection.succeed(self, on: transport)
    connection.dataReceived(Self.preface.span)
    if !rest.isEmpty, !transport.isClosing { connection.dataReceived(rest) }
  }
}
#endif
