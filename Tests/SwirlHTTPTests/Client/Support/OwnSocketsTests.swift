import SwirlNet
import SwirlReactor
import Testing

@Suite struct OwnSocketsTests {
  @Test func `a UDP socket is not one of a TCP port, whose number it may have`() throws {
    let reactor = Reactor()
    let socket = try reactor.listenUDP(0) { _, _ in }
    let port = Int(socket.localAddress.port)
    #expect(OwnSockets(of: port).count == 0)
    socket.close()
  }
}
