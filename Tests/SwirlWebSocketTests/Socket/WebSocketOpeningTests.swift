import SwirlDeferred
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import SwirlWebSocket
import Testing

@Suite(.failsOnUnhandledFailures) struct WebSocketOpeningTests {
  @Test func `a right request is answered with 101 and the key's answer, and the handler is called once`() throws {
    var calls = 0
    let bench = try WebSocketBench { _ in calls += 1 }
    let caller = bench.ask()
    // The pair of RFC 6455 §1.3.
    #expect(caller.head?.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") == true)
    #expect(caller.status == 101 && calls == 1)
    bench.end()
  }

  @Test(arguments: [
    (WebSocketBench.fields.filter { !$0.hasPrefix("Upgrade") }, 426),
    (WebSocketBench.fields.map { $0.replacing("Version: 13", with: "Version: 8") }, 426),
    (WebSocketBench.fields.map { $0.replacing("dGhlIHNhbXBsZSBub25jZQ==", with: "short") }, 400),
    (WebSocketBench.fields + ["Sec-WebSocket-Protocol: a, a"], 400),
    (WebSocketBench.fields + ["Origin: http://other.test"], 403),
    (WebSocketBench.fields + ["Origin: null"], 403),
    (WebSocketBench.fields + ["Origin: http://server.test"], 101),
    (WebSocketBench.fields + ["Origin: https://server.test"], 101),
    (WebSocketBench.fields + ["Origin: http://server.test:81"], 403),
    (WebSocketBench.fields + ["Origin: http://server.test.evil.test"], 403),
  ])
  func `a wrong request is refused, and the handler is not called`(fields: [String], status: Int) throws {
    var calls = 0
    let bench = try WebSocketBench { _ in calls += 1 }
    #expect(bench.ask(fields).status == status)
    #expect(calls == (status == 101 ? 1 : 0))
    bench.end()
  }

  @Test func `an origin may be on a list, or any`() throws {
    let origins: [(HTTPServer.WebSocketOrigins, Int)] = [(.any, 101), (.list("https://A.test"), 101), (.list(), 403)]
    for (origins, status) in origins {
      let bench = try WebSocketBench(HTTPServer { _ in .webSocket(origins: origins) { _ in } })
      #expect(bench.ask(WebSocketBench.fields + ["Origin: https://a.test"]).status == status)
      bench.end()
    }
  }

  @Test func `the server's best subprotocol is chosen, and told to the handler`() throws {
    var chosen: [String?] = []
    let server = HTTPServer { _ in
      .webSocket(protocols: ["v2", "v1"], headers: [.init("X-Room")!: "7"]) { chosen.append($0.subprotocol) }
    }
    let bench = try WebSocketBench(server)
    let caller = bench.ask(WebSocketBench.fields + ["Sec-WebSocket-Protocol: v1, v3, v2"])
    let head = try #require(caller.head)
    #expect(head.contains("Sec-WebSocket-Protocol: v2\r\n") && head.contains("X-Room: 7\r\n"))
    #expect(bench.ask(WebSocketBench.fields + ["Sec-WebSocket-Protocol: v9"]).status == 101)
    #expect(chosen == ["v2", nil])
    bench.end()
  }

  @Test func `what the handler sends at once comes behind the head`() throws {
    let bench = try WebSocketBench { socket in socket.send("welcome") }
    #expect(bench.ask().rest == [0x81, 7] + Array("welcome".utf8))
    bench.end()
  }

  @Test func `a handler that throws closes the socket with 1011`() throws {
    struct Bad: Error {}
    let bench = try WebSocketBench { _ in throw Bad() }
    var close: WebSocket.Close?
    try bench.connect().onClose { close = $0 }
    bench.run()
    #expect(close?.code == .internalError && close?.isClean == true)
    bench.end()
  }
}
