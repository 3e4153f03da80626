import SwirlDeferred
import SwirlNet
import SwirlReactor
import Testing

final class Echo: StreamProtocol {
  var transport: (any Transport)?
  func connectionMade(_ transport: any Transport) { self.transport = transport }
  func dataReceived(_ bytes: Span<UInt8>) { transport?.write(bytes) }
  func connectionLost(_ end: ConnectionEnd) { transport = nil }
}

final class Client: StreamProtocol {
  let whenDone: (String) -> Void
  var transport: (any Transport)?
  var text: [UInt8] = []
  init(_ whenDone: @escaping (String) -> Void) { self.whenDone = whenDone }
  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    transport.write("hello")
  }
  func dataReceived(_ bytes: Span<UInt8>) {
    for index in bytes.indices { text.append(bytes[index]) }
    if text.count == 5 { transport?.close() }
  }
  func connectionLost(_ end: ConnectionEnd) { whenDone("\(String(decoding: text, as: UTF8.self)) \(end)") }
}

@Suite struct ConnectTCPTests {
  @Test func echo() throws {
    let reactor = Reactor()
    var seen = ""
    let listener = try reactor.listenTCP(0) { _ in Echo() }
    reactor.connectTCP("127.0.0.1", Int(listener.localAddress.port)) {
      Client {
        seen = $0
        reactor.stop()
      }
    }.addErrback {
      Issue.record($0)
      reactor.stop()
      throw $0
    }
    reactor.run()
    #expect(seen == "hello closed")
  }
}
