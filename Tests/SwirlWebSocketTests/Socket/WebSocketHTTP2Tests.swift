#if HTTP2
import HTTPTypes
import SwirlDeferred
import SwirlHTTPClient
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import SwirlWebSocket
import Testing

/// Sockets on a stream of HTTP/2 (RFC 8441), beside those of HTTP/1.
@Suite(.failsOnUnhandledFailures) struct WebSocketHTTP2Tests {
  private func client(_ bench: WebSocketBench, _ use: HTTPClient.HTTP2Use) -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    configuration.http2 = use
    return HTTPClient(configuration, on: bench.reactor)
  }

  /// An open socket, and its other end.
  private func open(_ bench: WebSocketBench, by client: HTTPClient) throws -> WebSocket {
    var socket: WebSocket?
    client.webSocket("ws://server.test/").addCallback { socket = $0 }.addErrback { Issue.record($0) }
    bench.run(for: .seconds(1))
    return try #require(socket)
  }

  @Test(arguments: [HTTPClient.HTTP2Use.off, .priorKnowledge])
  func `a socket that opens while the server stops is closed with 1001 at once`(use: HTTPClient.HTTP2Use) throws {
    let login = Deferred<Void>()
    let server = HTTPServer { _ in
      login.addCallback { .webSocket { socket in socket.onMessage { socket.send($0) } } }
    }
    let bench = try WebSocketBench(server)
    let client = client(bench, use)
    var close: WebSocket.Close?
    client.webSocket("ws://server.test/").addCallback { socket in socket.onClose { close = $0 } }
      .addErrback { Issue.record($0) }
    bench.run()
    var hasStopped = false
    server.stop().addCallback { _ in hasStopped = true }
    bench.run(for: .seconds(2))
    login.callback()
    bench.run(for: .seconds(1))
    #expect(close?.code == .goingAway && close?.isClean == true && hasStopped)
    client.close()
    bench.end()
  }

  @Test(arguments: [HTTPClient.HTTP2Use.off, .priorKnowledge])
  func `a request that asks for no socket is refused with a status of the 400s`(use: HTTPClient.HTTP2Use) throws {
    let bench = try WebSocketBench { _ in Issue.record("a socket") }
    let client = client(bench, use)
    for fields in [[:], [HTTPField.Name("Sec-WebSocket-Version")!: "13"]] as [HTTPFields] {
      var status = 0
      client.fetch(.init("http://server.test/", headers: fields)) { status = try $0.get().status.code }
      bench.run(for: .seconds(1))
      #expect((400..<500).contains(status), "\(status)")
    }
    client.close()
    bench.end()
  }

  @Test(arguments: [HTTPClient.HTTP2Use.off, .priorKnowledge])
  func `a socket lives longer than every time limit of its connection`(use: HTTPClient.HTTP2Use) throws {
    for interval in [Duration.seconds(30), nil] {
      var configuration = WebSocket.Configuration()
      configuration.pingInterval = interval
      var server: WebSocket?
      let bench = try WebSocketBench(configuration: configuration) { socket in
        server = socket
        socket.onMessage { socket.send($0) }
      }
      let client = client(bench, use)
      var texts: [String] = []
      var mine: WebSocket?
      client.webSocket("ws://server.test/", configuration: configuration).addCallback { socket in
        mine = socket
        socket.onText { texts.append($0) }
      }
      bench.run(for: .seconds(1_000))
      mine?.send("still there")
      bench.run(for: .seconds(1))
      #expect(texts == ["still there"] && server?.isOpen == true)
      mine?.close()
      bench.run(for: .seconds(1))
      client.close()
      server = nil
      bench.end()
    }
  }

  @Test(arguments: [HTTPClient.HTTP2Use.off, .priorKnowledge])
  func `an end that is cut is reported at the other, and leaves nothing`(use: HTTPClient.HTTP2Use) throws {
    do {
      var closes: [WebSocket.CloseCode] = []
      weak var server: WebSocket?
      let bench = try WebSocketBench { socket in
        server = socket
        socket.onMessage { _ in }
        socket.onClose { closes.append($0.code) }
      }
      let client = client(bench, use)
      weak var mine: WebSocket?
      try {
        let socket = try open(bench, by: client)
        socket.onClose { closes.append($0.code) }
        mine = socket
      }()
      bench.network.reset("server.test")
      bench.run(for: .seconds(1))
      #expect(closes == [.abnormalClosure, .abnormalClosure] && mine == nil && server == nil)
      client.close()
      bench.end()
    }
  }

  @Test(arguments: [HTTPClient.HTTP2Use.off, .priorKnowledge])
  func `a peer that does not read stops the sender, with a small window too`(use: HTTPClient.HTTP2Use) throws {
    var sent = 0
    var server: WebSocket?
    let bench = try WebSocketBench(link: .init(latency: .milliseconds(1), bufferSize: 20_000)) { socket in
      server = socket
      func send() {
        guard sent < 5000 else { return }
        sent += 1
        socket.send([UInt8](repeating: 1, count: 1_000)).addCallback { send() }.addErrback { _ in }
      }
      send()
    }
    let client = client(bench, use)
    let socket = try open(bench, by: client)
    bench.run(for: .seconds(30))
    #expect(sent < 3000 && (server?.bufferedBytes ?? .max) < 70_000)
    var count = 0
    socket.onMessage { _ in count += 1 }
    bench.run(for: .seconds(60))
    #expect(count == 5000)
    socket.close()
    bench.run(for: .seconds(1))
    client.close()
    server = nil
    bench.end()
  }

  @Test(arguments: [HTTPClient.HTTP2Use.off, .priorKnowledge])
  func `a socket that outlives its reactor is closed, and no other is kept`(use: HTTPClient.HTTP2Use) throws {
    var kept: WebSocket?
    weak var released: WebSocket?
    weak var server: HTTPServer?
    try {
      let network = MemoryNetwork(seed: 18)
      let made = HTTPServer { _ in
        .webSocket { socket in
          released = socket
          socket.onMessage { socket.send($0) }
        }
      }
      server = made
      try made.listen(80, interface: "server.test", on: network.reactor)
      var configuration = HTTPClient.Configuration()
      configuration.http2 = use
      let client = HTTPClient(configuration, on: network.reactor)
      client.webSocket("ws://server.test/").addCallback { kept = $0 }.addErrback { Issue.record($0) }
      network.reactor.run(for: .seconds(1))
      kept?.onClose { _ in Issue.record("a call after the reactor's release") }
    }()
    let socket = try #require(kept)
    #expect(released == nil && server == nil && !socket.isOpen)
    var failures = 0
    socket.send("x").addErrback { _ in failures += 1 }
    socket.ping().addCallback { _ in }.addErrback { _ in failures += 1 }
    socket.close()
    socket.closed().addCallback { close in failures += close.code == .abnormalClosure ? 1 : 0 }
    #expect(failures == 3)
  }

  @Test func `many sockets that open and close on one connection leave nothing`() throws {
    for use in [HTTPClient.HTTP2Use.off, .priorKnowledge] {
      var open = 0
      var closed = 0
      var failures: [String] = []
      let bench = try WebSocketBench { socket in
        open += 1
        socket.onMessage { socket.send($0) }
        socket.onClose { _ in closed += 1 }
      }
      let client = client(bench, use)
      for round in 0..<300 {
        client.webSocket("ws://server.test/").addCallback { socket in
          socket.onText { _ in
            switch round % 3 {
            case 0: socket.close()
            case 1: socket.close(4000, reason: "x")
            default: socket.send([UInt8](repeating: 0, count: 2 << 20)).addErrback { _ in }
            }
          }
          socket.send("x")
        }
        .addErrback { error in failures.append("\(error)") }
        bench.run(for: .milliseconds(50))
      }
      bench.run(for: .seconds(30))
      #expect(open == 300 && closed == 300 && failures == [])
      #expect(use == .off ? bench.server.connectionCount == 0 : bench.server.connectionCount <= 1)
      client.close()
      bench.end()
    }
  }
}
#endif
