#if HTTP2
import HTTPTypes
import SwirlHTTP2
import Testing

/// RFC 9113 §5.1.2 and §6.8: which streams a server takes; PING.
@Suite struct ShutdownTests {
  private static let refused = 7

  @Test(arguments: [false, true]) func `streams above the limit are refused`(acknowledged: Bool) throws {
    let bench = try FrameBench.server(acknowledged: acknowledged) { $0.streams = 2 }
    bench.receive([.get(1), .get(3), .get(5)])
    #expect(bench.events == ["head 1 ends", "end 1", "head 3 ends", "end 3"])
    #expect(bench.codes == [Self.refused])
    #expect(bench.sent.last?.stream == 5)
    try bench.respond(1)
    bench.take()
    bench.receive([.get(7)])
    #expect(bench.events.suffix(2) == ["head 7 ends", "end 7"])
    #expect(bench.session.failure == nil)
    #expect(bench.session.lastPeerStream == 7)
  }

  @Test func `the fields of a refused request keep the table of fields`() throws {
    let bench = try FrameBench.server { $0.streams = 1 }
    var second = Frame.get(3)
    second.payload += literals([("x-kept", "value")], representation: 0x40)
    bench.receive([.get(1), second])
    try bench.respond(1)
    bench.take()
    var third = Frame.get(5)
    third.payload.append(0x80 | 62)
    bench.receive([third])
    #expect(bench.head(5)?.contains("x-kept: value\r\n") == true)
  }

  @Test func `a stop announces itself, then names the last stream, and refuses those above`() throws {
    let bench = try FrameBench.server()
    bench.receive([.get(1)])
    bench.session.announceShutdown()
    bench.take()
    #expect(bench.sent.map(\.kind) == [.goAway])
    #expect(bench.sent[0].lastStream == 0x7FFF_FFFF)
    #expect(bench.sent[0].code == 0)
    // On its way when the client learned of it.
    bench.receive([.get(3)])
    #expect(bench.events.suffix(2) == ["head 3 ends", "end 3"])
    bench.session.goAway(lastStream: bench.session.lastPeerStream)
    // Between the call and its output, and after it.
    bench.receive([.get(5)])
    bench.receive([.get(7), .data(7, "a")])
    #expect(bench.sent.filter { $0.kind == .goAway }.last?.lastStream == 3)
    #expect(bench.sent.filter { $0.kind == .reset }.map { [$0.stream, $0.code] } == [[5, 7], [7, 7]])
    #expect(!bench.events.contains { $0.hasPrefix("head 5") || $0.hasPrefix("head 7") || $0.hasPrefix("closed 5") })
    #expect(!bench.session.isOver)
    try bench.respond(1)
    try bench.respond(3)
    bench.take()
    #expect(bench.events.suffix(4) == ["sent 1", "closed 1 0", "sent 3", "closed 3 0"])
    #expect(bench.session.isOver)
    #expect(bench.session.failure == nil)
  }

  @Test func `requests above the last stream of GOAWAY are refused at the client`() throws {
    let bench = try FrameBench.client()
    _ = try bench.session.request(
      Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), scheme: "https", hasContent: false)
    bench.take()
    bench.receive([Frame(kind: .goAway, payload: number(1, 4) + number(0, 4) + "by\u{1B}e".utf8)])
    #expect(bench.events == ["sent 3", "go away 1 0 by\\u{1B}e", "closed 3 7"])
    #expect(!bench.session.takesRequests)
    bench.receive([.headers(1, [(":status", "204")])])
    #expect(bench.events.suffix(3) == ["head 1 ends", "end 1", "closed 1 0"])
    #expect(bench.session.isOver)
  }

  @Test func `PING carries its data there and back`() throws {
    let bench = try FrameBench.client()
    bench.session.ping(0x0102_0304_0506_0708)
    bench.take()
    #expect(bench.sent == [Frame(kind: .ping, payload: [1, 2, 3, 4, 5, 6, 7, 8])])
    bench.receive([Frame(kind: .ping, flags: Frame.ack, payload: [1, 2, 3, 4, 5, 6, 7, 8])])
    #expect(bench.events == ["pong \(0x0102_0304_0506_0708)"])
    bench.receive([.ping(5)])
    #expect(bench.sent.last == Frame(kind: .ping, flags: Frame.ack, payload: number(5, 8)))
  }

  @Test func `a client sees whether extended CONNECT is taken`() throws {
    let bench = try FrameBench.client()
    #expect(!bench.session.remoteTakesConnectProtocol)
    bench.receive([.settings([(8, 1)])])
    #expect(bench.session.remoteTakesConnectProtocol)
  }
}
#endif
