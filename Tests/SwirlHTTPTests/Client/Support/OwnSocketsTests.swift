import SwirlNet
import SwirlReactor
import Testing

@Suite struct OwnSocketsTests {
  @Test func `a UDP socket is not one of a TCP port, whose number it may have`() throws {
    let reactor = Reactor()
    // An address that no other test has.
    let socket = try reactor.listenUDP(0, interface: "127.0.0.9") { _, _ in }
    let port = Int(socket.localAddress.port)
    #expect(OwnSockets(of: port, at: "127.0.0.9").count == 0)
    socket.close()
  }
}
