import HTTPTypes
import SwirlDeferred
import SwirlHTTPClient
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import SwirlWebSocket
import Testing

/// Peers that vanish, at every byte, and servers that answer what was not asked.
@Suite(.failsOnUnhandledFailures) struct WebSocketVanishingTests {
  enum End: CaseIterable { case abort, close, halfClose }

  private static let request =
    "GET / HTTP/1.1\r\n" + WebSocketBench.fields.map { $0 + "\r\n" }.joined() + "\r\n"

  @Test(arguments: End.allCases)
  func `a client that vanishes at any byte leaves nothing in the server`(end: End) throws {
    // The handshake, a fragmented text with a ping in it, and a Close frame.
    let frames: [UInt8] = [
      0x01, 0x83, 1, 2, 3, 4, 0x60, 0x60, 0x60, 0x89, 0x81, 0, 0, 0, 0, 7, 0x80, 0xFE, 0, 126, 0, 0, 0, 0,
    ]
    let bytes = Array(Self.request.utf8) + frames + [UInt8](repeating: 0x41, count: 126) + [0x88, 0x80, 0, 0, 0, 0]
    for count in 0...bytes.count {
      var opened = 0
      var closed = 0
      weak var socket: WebSocket?
      let bench = try WebSocketBench { made in
        socket = made
        opened += 1
        made.onMessage { _ in }
        made.onClose { _ in closed += 1 }
      }
      let caller = Vanisher(Array(bytes[..<count]), end)
      bench.reactor.connectTCP("server.test", bench.port) { caller }.addErrback { Issue.record($0) }
      bench.run(for: .seconds(1))
      // A client that only sends no more is one, still, where no socket is open.
      if opened == 0 { caller.transport?.abort() }
      bench.run(for: .seconds(1))
      #expect(opened == closed && (opened == 1 || count < Self.request.utf8.count) && socket == nil, "\(count)")
      #expect(bench.server.connectionCount == 0, "\(count)")
      bench.end()
    }
  }

  @Test(arguments: End.allCases)
  func `a server that vanishes at any byte is an error or an end in the client`(end: End) throws {
    let length = Answering.answer("").utf8.count + Answering.frames.count
    for count in 0...length {
      let network = MemoryNetwork(seed: 18, link: .init(latency: .milliseconds(1)))
      let reactor = network.reactor
      let listener = try reactor.listenTCP(80, interface: "raw.test") { _ in Answering(end, upTo: count) }
      let client = HTTPClient(on: reactor)
      var results: [String] = []
      var texts: [String] = []
      weak var opened: WebSocket?
      client.webSocket("ws://raw.test/").addCallback { socket in
        opened = socket
        socket.onText { texts.append($0) }
        socket.onClose { results.append("closed \($0.code)") }
      }.addErrback { _ in results.append("refused") }
      reactor.run(for: .seconds(100))
      #expect(results.count == 1 && opened == nil, "\(count) \(results)")
      #expect(results == ["refused"] || count > 100)
      if count == length { #expect(texts == ["hi"] && results == ["closed 1000"]) }
      client.close()
      listener.stop()
      reactor.runUntilIdle()
      #expect(reactor.openHandles.map(\.kind).filter { $0 != .client } == [], "\(count)")
    }
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "answered 200"),
    ("HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "answered 301"),
    ("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n", "answered 401"),
    ("HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "Sec-WebSocket-Accept is missing"),
    ("HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n", "not the one"),
    ("HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nSec-WebSocket-Accept: KEY\r\n\r\n", "h2c"),
    ("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: KEY\r\n\r\n", "Connection"),
    (
      "HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: KEY\r\n"
        + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", "an extension that was not offered"
    ),
    (
      "HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: KEY\r\n"
        + "Sec-WebSocket-Protocol: chat\r\n\r\n", "a subprotocol that was not offered"
    ),
    ("SSH-2.0-OpenSSH_9.2\r\n", ""),
    ("\u{81}\u{05}hello", ""),
  ])
  func `an answer that is none is an error, and closes the connection`(answer: String, words: String) throws {
    let network = MemoryNetwork(seed: 18, link: .init(latency: .milliseconds(1)))
    let reactor = network.reactor
    let server = Answering(answer)
    let listener = try reactor.listenTCP(80, interface: "raw.test") { _ in server }
    let client = HTTPClient(on: reactor)
    var error = ""
    client.webSocket("ws://raw.test/").addCallback { _ in error = "it opened" }.addErrback { error = "\($0)" }
    reactor.run(for: .seconds(100))
    #expect(error.contains(words) && error.contains("raw.test"), "\(error)")
    client.close()
    listener.stop()
    reactor.runUntilIdle()
    #expect(server.isLost)
  }

  @Test func `messages and a close right behind the 101 come in their order`() throws {
    let network = MemoryNetwork(seed: 18, link: .init(latency: .milliseconds(1)))
    let reactor = network.reactor
    let listener = try reactor.listenTCP(80, interface: "raw.test") { _ in Answering(.close, upTo: .max) }
    let client = HTTPClient(on: reactor)
    var seen: [String] = []
    client.webSocket("ws://raw.test/").addCallback { socket in
      socket.onText { seen.append($0) }
      socket.onClose { seen.append("\($0.code) \($0.isClean)") }
    }.addErrback { seen.append("\($0)") }
    reactor.run(for: .seconds(100))
    #expect(seen == ["hi", "1000 true"])
    client.close()
    listener.stop()
    reactor.runUntilIdle()
  }
}

/// Sends its bytes, and ends.
private final class Vanisher: StreamProtocol {
  private let bytes: [UInt8]
  private let end: WebSocketVanishingTests.End
  private(set) var transport: (any Transport)?

  init(_ bytes: [UInt8], _ end: WebSocketVanishingTests.End) {
    self.bytes = bytes
    self.end = end
  }

  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    transport.write(bytes)
    transport.end(end)
  }

  func dataReceived(_ bytes: Span<UInt8>) {}
  func endReceived() -> Bool { false }
}

extension Transport {
  fileprivate func end(_ end: WebSocketVanishingTests.End) {
    // Behind what was written.
    reactor.callLater(.milliseconds(20)) { [self] in
      switch end {
      case .abort: abort()
      case .close: close()
      case .halfClose: closeWrite()
      }
    }
  }
}

/// A server that answers the handshake, with the first `limit` bytes of its answer.
private final class Answering: StreamProtocol {
  static let frames: [UInt8] = [0x01, 1, 0x68, 0x8A, 0, 0x80, 1, 0x69, 0x88, 2, 0x03, 0xE8]

  static func answer(_ key: String) -> String {
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: "
      + "\(WebSocketHandshake.accept(key: key))\r\n\r\n"
  }

  private let end: WebSocketVanishingTests.End?
  private let limit: Int
  private let text: String?
  private var received = ""
  private var transport: (any Transport)?
  private(set) var isLost = false

  init(_ end: WebSocketVanishingTests.End, upTo limit: Int) { (self.end, self.limit, text) = (end, limit, nil) }
  init(_ text: String) { (end, limit, self.text) = (nil, .max, text) }

  func connectionMade(_ transport: any Transport) { self.transport = transport }

  func dataReceived(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { received += String(decoding: $0, as: UTF8.self) }
    guard received.hasSuffix("\r\n\r\n"), let transport else { return }
    let key = received.split(separator: "\r\n").first { $0.lowercased().hasPrefix("sec-websocket-key: ") }?.dropFirst(
      19)
    received = ""
    if let text {
      let accept = WebSocketHandshake.accept(key: String(key ?? ""))
      transport.write(text.split(separator: "KEY", omittingEmptySubsequences: false).joined(separator: accept))
      return
    }
    let bytes = Array(Self.answer(String(key ?? "")).utf8) + Self.frames
    transport.write(Array(bytes.prefix(limit)))
    if let end { transport.end(end) }
  }

  func endReceived() -> Bool { false }

  func connectionLost(_ end: ConnectionEnd) {
    isLost = true
    transport = nil
  }
}
