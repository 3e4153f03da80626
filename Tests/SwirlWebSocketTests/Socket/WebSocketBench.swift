import SwirlDeferred
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import SwirlWebSocket
import Testing

/// A server of WebSockets, and clients for it, on a network in memory and in virtual time.
final class WebSocketBench {
  let network: MemoryNetwork
  let server: HTTPServer
  let port: Int
  var reactor: Reactor { network.reactor }

  init(_ server: HTTPServer, link: MemoryNetwork.Link = .init(latency: .milliseconds(1))) throws {
    network = MemoryNetwork(seed: 18, link: link)
    self.server = server
    port = Int(try server.listen(80, interface: "server.test", on: network.reactor).localAddress.port)
  }

  /// A server whose handler gets each socket.
  convenience init(
    link: MemoryNetwork.Link = .init(latency: .milliseconds(1)),
    configuration: WebSocket.Configuration = WebSocket.Configuration(),
    _ handler: @escaping (WebSocket) throws -> Void
  ) throws {
    try self.init(HTTPServer { _ in .webSocket(configuration: configuration, handler) }, link: link)
  }

  /// Sends a request, and gives the answer's head in words and the rest of the connection.
  func ask(
    _ fields: [String] = WebSocketBench.fields, _ path: String = "/", readsOn: Bool = true
  ) -> RawCaller {
    let caller = RawCaller(readsOn: readsOn, "GET \(path) HTTP/1.1\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n")
    reactor.connectTCP("server.test", port) { caller }.addErrback { Issue.record($0) }
    run(for: .milliseconds(500))
    return caller
  }

  /// The fields of a right request.
  static let fields = [
    "Host: server.test", "Upgrade: websocket", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ]

  /// An open socket of a client.
  func connect(
    _ fields: [String] = WebSocketBench.fields, configuration: WebSocket.Configuration = WebSocket.Configuration()
  ) throws -> WebSocket {
    let caller = ask(fields, readsOn: false)
    let transport = try #require(caller.transport)
    try #require(caller.head?.hasPrefix("HTTP/1.1 101 ") == true)
    let socket = WebSocket(
      transport, role: .client, subprotocol: nil, deflate: nil, configuration: configuration)
    let successor = WebSocketProtocol(socket) { _ in }
    transport.streamProtocol = successor
    successor.connectionMade(transport)
    if !caller.rest.isEmpty { successor.dataReceived(caller.rest.span) }
    transport.resumeReading()
    return socket
  }

  func run(for time: Duration = .milliseconds(100)) { reactor.run(for: time) }

  /// Nothing is left open.
  func end() {
    _ = server.stop()
    reactor.runUntilIdle()
    #expect(reactor.openHandles.map(\.kind) == [])
  }
}

/// A client that sends bytes, and keeps what comes: a head, and what is behind it.
final class RawCaller: StreamProtocol {
  private let request: String
  private(set) var transport: (any Transport)?
  private(set) var head: String?
  private(set) var rest: [UInt8] = []
  private(set) var end: ConnectionEnd?

  private let readsOn: Bool

  /// - Parameter readsOn: whether it reads behind the head.
  init(readsOn: Bool, _ request: String) {
    self.readsOn = readsOn
    self.request = request
  }

  var status: Int? { head.flatMap { Int($0.split(separator: " ")[1]) } }

  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    transport.write(request)
  }

  func dataReceived(_ bytes: Span<UInt8>) {
    for index in bytes.indices { rest.append(bytes[index]) }
    guard head == nil, let range = String(decoding: rest, as: UTF8.self).firstRange(of: "\r\n\r\n") else { return }
    let text = String(decoding: rest, as: UTF8.self)
    head = String(text[..<range.upperBound])
    rest.removeFirst(text[..<range.upperBound].utf8.count)
    if !readsOn { transport?.pauseReading() }
  }

  func connectionLost(_ end: ConnectionEnd) { self.end = end }
}
