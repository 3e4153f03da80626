import COpenSSL
import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlNet
@testable import SwirlTLS

/// A TLS 1.2 server that renegotiates on an open connection.
@Suite struct TLSRenegotiationTests {
  let authority = TestAuthority()

  /// The events of a client and a server after the server has requested renegotiation.
  private func renegotiate(allowed: Bool) throws -> (client: Recorder, server: Recorder) {
    let client = Recorder()
    let server = Recorder()
    try withReactor { reactor in
      var security = TLSConfiguration.server(authority.identity(for: "127.0.0.1"))
      security.maximumVersion = .tls12
      let listener = try reactor.listenTCP(0, tls: security) { _ in server }
      server.onData = { server in
        guard let session = (server.transport as? SocketTransport)?.security as? TLSSession else { return }
        let ssl = session.ssl
        if server.text == "question" {
          // Our servers do not allow this: enable it here.
          SSL_clear_options(ssl, 1 << 30)
          #expect(SSL_renegotiate(ssl) == 1)
          SSL_do_handshake(ssl)
          // More than the network buffers hold during the handshake.
          if allowed { client.transport?.write([UInt8](repeating: UInt8(ascii: "x"), count: 1_000_000)) }
        } else if server.bytes.count == 1_000_008 {
          server.transport?.write("answer")
        }
      }
      client.onMade = { $0.write("question") }
      client.onData = { if $0.text == "answer" { $0.transport?.close() } }
      client.onLost = { _ in reactor.stop() }
      var trust = TLSConfiguration()
      trust.roots = [authority.root]
      trust.allowsRenegotiation = allowed
      reactor.connectTCP("127.0.0.1", Int(listener.localAddress.port), tls: trust) { client }
      return {}
    }
    return (client, server)
  }

  @Test func `a client declines, and says what happened and what to do`() throws {
    let error = try renegotiate(allowed: false).client.end?.error
    let reason = try #require(error?.reason)
    #expect(reason.contains("asked to begin the TLS handshake anew (renegotiation)"))
    #expect(reason.contains("set TLSConfiguration.allowsRenegotiation"))
  }

  @Test func `one that is configured to allow it continues`() throws {
    let (client, server) = try renegotiate(allowed: true)
    #expect(client.text == "answer" && client.end?.code == .closed)
    #expect(server.bytes.count == 1_000_008)
  }
}
