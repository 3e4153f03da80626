import HTTPTypes
import SwirlDeferred
import SwirlHTTPClient
import SwirlHTTPCore
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTLS
import SwirlTesting
import SwirlWebSocket
import Testing

@Suite(.failsOnUnhandledFailures) struct WebSocketClientTests {
  /// Opens a socket, and gives it, or the error in words.
  private func open(
    _ bench: WebSocketBench, _ url: String = "ws://server.test/", protocols: [String] = [],
    _ configure: (inout HTTPClient.Configuration) -> Void = { _ in }
  ) -> (socket: WebSocket?, error: String, client: HTTPClient) {
    var configuration = HTTPClient.Configuration()
    configure(&configuration)
    let client = HTTPClient(configuration, on: bench.reactor)
    var result: (socket: WebSocket?, error: String) = (nil, "")
    client.webSocket(url, protocols: protocols).addCallback { result.socket = $0 }.addErrback {
      result.error = "\($0)"
    }
    bench.run(for: .seconds(1))
    return (result.socket, result.error, client)
  }

  @Test func `a client opens a socket, and messages go both ways`() throws {
    var paths: [String] = []
    let server = HTTPServer { request in
      paths.append("\(request.path) \(request["Authorization"] ?? "")")
      return .webSocket(protocols: ["chat"]) { socket in
        socket.send("welcome to \(socket.subprotocol ?? "")")
        socket.onMessage { socket.send($0) }
      }
    }
    let bench = try WebSocketBench(server)
    let (opened, error, client) = open(bench, "ws://server.test/room?a=1", protocols: ["other", "chat"])
    let socket = try #require(opened, "\(error)")
    #expect(socket.subprotocol == "chat" && paths == ["/room "])
    var received: [String] = []
    socket.onText { received.append($0) }
    socket.send("hello")
    bench.run()
    #expect(received == ["welcome to chat", "hello"])
    // The connection is the socket's, no longer the client's.
    #expect(client.counts.idle == 0)
    var close: WebSocket.Close?
    socket.onClose { close = $0 }
    socket.close()
    bench.run(for: .seconds(1))
    #expect(close?.isClean == true)
    client.close()
    bench.end()
  }

  @Test func `over TLS`() throws {
    let authority = TestAuthority()
    let bench = try WebSocketBench { socket in socket.onMessage { socket.send($0) } }
    try bench.server.listen(
      443, interface: "server.test", tls: .server(authority.identity(for: "server.test")), on: bench.reactor)
    let (opened, error, client) = open(bench, "wss://server.test/") { $0.tls.roots = [authority.root] }
    let socket = try #require(opened, "\(error)")
    var received: [String] = []
    socket.onText { received.append($0) }
    socket.send("secret")
    bench.run()
    #expect(received == ["secret"] && socket.tlsInfo != nil)
    socket.close()
    bench.run(for: .seconds(1))
    client.close()
    bench.end()
  }

  @Test(arguments: [
    ("ws://server.test/text", "answered 200 OK: no socket here"),
    ("ws://server.test/moved", "answered 302 Found, with the Location /"),
    ("ws://server.test/wrong", "Sec-WebSocket-Accept is not the one for the key"),
    ("ws://server.test/other", "chose a subprotocol that was not offered"),
    ("ftp://server.test/", "ftp"),
    ("ws://nowhere.test/", "nowhere.test"),
  ])
  func `an answer that opens no socket is an error that names the URL`(url: String, words: String) throws {
    let server = HTTPServer { request in
      switch request.path {
      case "/text": .text("no socket here\n")
      case "/moved": .redirect(to: "/")
      case "/wrong":
        .upgrade(to: "websocket", headers: [.init("Sec-WebSocket-Accept")!: "AAAA"]) { _ in Silent() }
      case "/other":
        .webSocket(headers: [.init("Sec-WebSocket-Protocol")!: "other"]) { _ in }
      default: .webSocket { _ in }
      }
    }
    let bench = try WebSocketBench(server)
    let (socket, error, client) = open(bench, url)
    #expect(socket == nil && error.contains(words), "\(error)")
    client.close()
    bench.end()
  }

  private final class Silent: StreamProtocol {
    func dataReceived(_ bytes: Span<UInt8>) {}
  }

  @Test func `cancelling ends the attempt, at any time`() throws {
    for milliseconds in 0...12 {
      let bench = try WebSocketBench { _ in }
      let client = HTTPClient(on: bench.reactor)
      var failure: (any Error)?
      let opened = client.webSocket("ws://server.test/")
      opened.addCallback { $0.close() }.addErrback { failure = $0 }
      bench.run(for: .milliseconds(milliseconds))
      opened.cancel()
      bench.run(for: .seconds(30))
      #expect(failure is CancelledError || milliseconds > 3)
      client.close()
      bench.end()
    }
  }

  #if HTTP2
  @Test func `over HTTP 2 a socket is a stream beside others, at both ends`() throws {
    var versions: [HTTPVersion] = []
    var keys: [String?] = []
    let server = HTTPServer { request in
      versions.append(request.version)
      keys.append(request["Sec-WebSocket-Key"])
      if request.path == "/page" { return .text("page") }
      return .webSocket(protocols: ["chat"]) { socket in
        socket.onMessage { socket.send($0) }
      }
    }
    let bench = try WebSocketBench(server)
    var configuration = HTTPClient.Configuration()
    configuration.http2 = .priorKnowledge
    let client = HTTPClient(configuration, on: bench.reactor)
    var received: [String] = []
    var pages: [String] = []
    var closes: [WebSocket.Close] = []
    var sockets: [WebSocket] = []
    for number in 1...3 {
      client.webSocket("ws://server.test/", protocols: ["chat"]).addCallback { socket in
        sockets.append(socket)
        #expect(socket.subprotocol == "chat")
        socket.onText { received.append("\(number) \($0.utf8.count)") }
        socket.onClose { closes.append($0) }
        socket.send("hello")
        socket.send(String(repeating: "x", count: 200_000))
      }
    }
    client.fetch(.init("http://server.test/page")) { pages.append(try $0.get().text) }
    bench.run(for: .seconds(3))
    #expect(received.sorted() == (1...3).flatMap { ["\($0) 200000", "\($0) 5"] } && pages == ["page"])
    #expect(server.connectionCount <= 2 && versions == [.http2, .http2, .http2, .http2])
    // RFC 8441 §5.
    #expect(keys == [nil, nil, nil, nil])
    sockets.first?.close(4000, reason: "enough")
    bench.run(for: .seconds(1))
    #expect(closes.map(\.code) == [4000] && closes.allSatisfy(\.isClean))
    // The others learn that the server stops.
    _ = server.stop()
    bench.run(for: .seconds(3))
    #expect(closes.map(\.code) == [4000, .goingAway, .goingAway] && server.connectionCount == 0)
    client.close()
    bench.end()
  }
  #endif

  @Test func `compression is used where both ends have it`() throws {
    for (here, there) in [(true, true), (true, false), (false, true)] {
      var configuration = WebSocket.Configuration()
      if there { configuration.compression = .deflate }
      let bench = try WebSocketBench(configuration: configuration) { socket in socket.onMessage { socket.send($0) } }
      let client = HTTPClient(on: bench.reactor)
      var mine = WebSocket.Configuration()
      if here { mine.compression = .deflateWithoutContext }
      let text = String(repeating: "hello ", count: 10_000)
      var received: [String] = []
      client.webSocket("ws://server.test/", configuration: mine).addCallback { socket in
        socket.onText { received.append($0) }
        socket.send(text)
        socket.send("short")
        socket.send(text)
      }
      bench.run(for: .seconds(2))
      #expect(received == [text, "short", text])
      client.close()
      bench.end()
    }
  }
}
