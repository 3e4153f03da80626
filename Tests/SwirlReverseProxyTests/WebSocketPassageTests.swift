import SwirlDeferred
import SwirlHTTPClient
import SwirlHTTPServer
import SwirlNet
import SwirlTesting
import SwirlWebSocket
import Testing

@testable import SwirlReverseProxy

/// WebSockets through the proxy.
@Suite(.failsOnUnhandledFailures) struct WebSocketPassageTests {
  private static let key = "dGhlIHNhbXBsZSBub25jZQ=="
  private static let opening =
    "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: \(key)\r\n"
    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a, b\r\n\r\n"
  private static let switching =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: b\r\n\r\n"

  /// A tunnel that is open.
  private func open() throws -> (ProxyBench, RecordingProtocol, UpstreamConnection) {
    let bench = try ProxyBench { connection, _ in
      connection.isHTTP = false
      // Bytes behind the 101 belong to the client.
      connection.send(Self.switching + "first")
    }
    // And bytes behind the request to the upstream.
    let client = bench.connect(sending: Self.opening + "early")
    bench.run()
    return (bench, client, bench.upstream[0])
  }

  @Test func `bytes pass both ways once the upstream has switched`() throws {
    let (bench, client, upstream) = try open()
    #expect(upstream.text.hasPrefix("GET /chat HTTP/1.1\r\n") && upstream.text.hasSuffix("\r\n\r\nearly"))
    #expect(upstream.text.values("upgrade") == ["websocket"] && upstream.text.values("connection") == ["Upgrade"])
    #expect(upstream.text.values("sec-websocket-key") == [Self.key])
    let answer = client.receivedText
    #expect(answer.statuses == [101] && answer.hasSuffix("\r\n\r\nfirst"))
    #expect(answer.values("sec-websocket-accept") == ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="])
    #expect(answer.values("sec-websocket-protocol") == ["b"] && answer.values("upgrade") == ["websocket"])
    client.transport?.write("to")
    upstream.send("from")
    bench.run()
    #expect(upstream.text.hasSuffix("to") && client.receivedText.hasSuffix("from"))
    client.transport?.close()
    bench.run()
    #expect(upstream.end != nil && client.end?.code == .closed)
    #expect(bench.end() == [] && bench.log.all == [])
  }

  @Test(arguments: [true, false], [true, false])
  func `the end of one side ends the other, behind the last bytes`(isUpstream: Bool, isReset: Bool) throws {
    let (bench, client, upstream) = try open()
    let side = isUpstream ? upstream.transport! : try #require(client.transport)
    side.write("last")
    if isReset {
      bench.run()
      side.abort()
    } else {
      side.close()
    }
    bench.run()
    #expect((isUpstream ? client.receivedText : upstream.text).hasSuffix("last"))
    let end = isUpstream ? client.end : upstream.end
    #expect(end?.code == (isReset ? .failed : .closed))
    #expect(bench.end() == [])
  }

  @Test func `a side that takes nothing stops the other`() throws {
    let (bench, client, upstream) = try open()
    client.transport?.pauseReading()
    upstream.transport.write([UInt8](repeating: 0x61, count: 10_000_000))
    bench.run(for: .seconds(5))
    #expect(upstream.transport.bufferedBytes > 9_000_000)
    client.transport?.resumeReading()
    bench.run(for: .seconds(5))
    #expect(client.received.count > 10_000_000)
    upstream.transport.pauseReading()
    client.transport?.write([UInt8](repeating: 0x62, count: 10_000_000))
    bench.run(for: .seconds(5))
    #expect(client.transport?.bufferedBytes ?? 0 > 9_000_000)
    upstream.transport.resumeReading()
    bench.run(for: .seconds(5))
    #expect(upstream.bytes.count > 10_000_000)
    client.transport?.close()
    #expect(bench.end() == [])
  }

  @Test func `a refusal passes as the answer that it is`() throws {
    let bench = try ProxyBench { connection, _ in connection.answer("no", status: "403 Forbidden") }
    let client = bench.connect(sending: Self.opening)
    bench.run()
    #expect(client.receivedText.statuses == [403] && client.receivedText.hasSuffix("no"))
    client.transport?.abort()
    #expect(bench.end() == [])
  }

  @Test(arguments: ["h2c", "websocket2", ""]) func `a switch to another protocol is a 502`(name: String) throws {
    let bench = try ProxyBench { connection, _ in
      connection.send("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: \(name)\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    }
    let client = bench.connect(sending: Self.opening)
    bench.run()
    #expect(client.receivedText.statuses == [502] && bench.upstream[0].end != nil)
    client.transport?.abort()
    #expect(bench.end() == [])
  }

  @Test func `a client that leaves before the answer ends the upstream's connection`() throws {
    let bench = try ProxyBench { _, _ in }
    let client = bench.connect(sending: Self.opening)
    bench.run()
    client.transport?.abort()
    bench.run(for: .milliseconds(10))
    #expect(bench.upstream[0].end != nil)
    #expect(bench.end() == [])
  }

  @Test func `a stop of the server ends its tunnels`() throws {
    let (bench, client, upstream) = try open()
    #expect(bench.server.connectionCount == 1)
    #expect(bench.end() == [])
    #expect(client.end != nil && upstream.end != nil)
  }

  /// The whole way, by our own client and server at its ends.
  @Test(arguments: [false, true]) func `messages pass, from a client of HTTP/2 as well`(isHTTP2: Bool) throws {
    let bench = try ProxyBench(to: ["http://app.test:7000"])
    let app = HTTPServer { request in
      if request.path == "/plain" { return .text("\(request.version) \(request["te"] ?? "-")") }
      return .webSocket(protocols: ["chat"]) { socket in socket.onMessage { message in socket.send(message) } }
    }
    try app.listen(7000, interface: "app.test", on: bench.reactor)
    var configuration = HTTPClient.Configuration()
    #if HTTP2
    if isHTTP2 { configuration.http2 = .priorKnowledge }
    #endif
    let client = HTTPClient(configuration, on: bench.reactor)
    var plain = ""
    client.fetch(.init("http://front.test/plain")) { plain = try $0.get().text }
    bench.run()
    #expect(plain == "HTTP/1.1 \(isHTTP2 ? "trailers" : "-")")
    var echoed: [String] = []
    var chosen: String?
    client.webSocket("ws://front.test/socket", protocols: ["chat"]).addCallback { socket in
      chosen = socket.subprotocol
      socket.onMessage { message in
        if case .text(let text) = message { echoed.append(text) }
        socket.close()
      }
      socket.send("hello")
    }.addErrback { error in _ = Issue.record("\(error)") }
    bench.run(for: .seconds(5))
    #expect(echoed == ["hello"] && chosen == "chat")
    client.close()
    _ = app.stop()
    #expect(bench.end() == [])
    #expect(app.connectionCount == 0)
  }
}
