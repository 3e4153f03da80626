import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlNet
@testable import SwirlTLS

/// Connections whose first bytes are a proxy's, before all else.
@Suite struct ProxyProtocolTests {
  /// What a listener's protocol sees of a plain peer: its address and content, or nil if it got no protocol.
  private func accepted(
    _ proxies: [AddressRange], sending pieces: [String], ending: Bool = true
  ) throws -> (peer: String, text: String)? {
    var seen: (peer: String, text: String)?
    try withReactor { reactor in
      let listener = try reactor.listenTCP(0) { peer in
        Recorder { recorder in
          recorder.onMade = { _ in seen = (peer!.host, "") }
          recorder.onLost = { _ in
            seen?.text = recorder.text
            reactor.stop()
          }
        }
      }
      listener.proxyProtocol = ProxyProtocol(from: proxies)
      let far = RawSocket(Socket.stream(AF_INET))
      _ = Socket.connect(far.descriptor, to: listener.localAddress)
      var rest = pieces
      // A piece a turn.
      reactor.addLoopHook(.beforeWaiting) {
        if !rest.isEmpty {
          far.send(rest.removeFirst())
        } else if ending {
          far.closeWrite()
        }
      }
      reactor.callLater(.seconds(20)) { reactor.stop() }
      return {
        listener.stop()
        #expect(listener.handshakeCount == 0)
        #expect(reactor.openHandles.isEmpty)
        far.close()
      }
    }
    return seen
  }

  private static let line = "PROXY TCP4 192.0.2.7 192.0.2.8 5 443\r\n"

  @Test func `the header's address is the peer's, and what follows is content`() throws {
    let whole = try #require(try accepted(AddressRange.loopback, sending: [Self.line + "hello"]))
    #expect(whole.peer == "192.0.2.7" && whole.text == "hello")
    let cut = try #require(
      try accepted(AddressRange.loopback, sending: ["PRO", "XY TCP4 192.0.2.7 19", "2.0.2.8 5 443\r", "\nhel", "lo"]))
    #expect(cut.peer == "192.0.2.7" && cut.text == "hello")
    let unknown = try #require(try accepted(AddressRange.loopback, sending: ["PROXY UNKNOWN\r\nhello"]))
    #expect(unknown.peer == "127.0.0.1" && unknown.text == "hello")
  }

  @Test func `of others a header is content`() throws {
    let seen = try #require(try accepted(["192.0.2.0/24"], sending: [Self.line]))
    #expect(seen.peer == "127.0.0.1" && seen.text == Self.line)
  }

  @Test func `a proxy that lies, says half of it, or nothing, is closed`() throws {
    #expect(try accepted(AddressRange.loopback, sending: ["GET / HTTP/1.1\r\nHost: x\r\n\r\n"]) == nil)
    #expect(try accepted(AddressRange.loopback, sending: ["PROXY TCP4 192.0.2.7"]) == nil)
    #expect(try accepted(AddressRange.loopback, sending: ["PROXY TCP4 192.0.2.7"], ending: false) == nil)
  }

  @Test func `TLS begins behind the header`() throws {
    let authority = TestAuthority()
    var peer: String?
    try withReactor { reactor in
      let listener = try reactor.listenTCP(0, tls: .server(authority.identity(for: "127.0.0.1"))) { address in
        peer = address?.host
        return Recorder { $0.onMade = { $0.write("hello") } }
      }
      listener.proxyProtocol = ProxyProtocol(from: AddressRange.loopback)
      var tls = TLSConfiguration()
      tls.roots = [authority.root]
      reactor.connectTCP("127.0.0.1", listener.port) {
        Recorder { client in
          client.onMade = { transport in
            transport.write(Self.line)
            transport.startTLS(tls, host: "127.0.0.1").addErrback {
              Issue.record($0)
              reactor.stop()
            }
          }
          client.onData = { client in
            #expect(client.text == "hello")
            reactor.stop()
          }
        }
      }
      return {}
    }
    #expect(peer == "192.0.2.7")
  }

  @Test func `a listener that stops closes those that have not named their client`() throws {
    try withReactor { reactor in
      let listener = try reactor.listenTCP(0) { _ in Recorder() }
      listener.proxyProtocol = ProxyProtocol(from: AddressRange.loopback)
      let far = RawSocket(Socket.stream(AF_INET))
      _ = Socket.connect(far.descriptor, to: listener.localAddress)
      reactor.callLater(.seconds(1)) {
        #expect(listener.handshakeCount == 1)
        listener.stop()
        #expect(listener.handshakeCount == 0)
        reactor.stop()
      }
      return {
        #expect(reactor.openHandles.isEmpty)
        far.close()
      }
    }
  }
}
