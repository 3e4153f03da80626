import SwirlDeferred
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import SwirlWebSocket
import Testing

/// Bounds on buffers, and peers that are taken for slow or dead.
@Suite(.failsOnUnhandledFailures) struct WebSocketBoundsTests {
  @Test func `a large message behind a small one in a callback does not count as a slow peer`() throws {
    var received: [Int] = []
    var failures = 0
    let bench = try WebSocketBench { socket in
      socket.onMessage { _ in
        socket.send("head")
        socket.send([UInt8](repeating: 1, count: 2 << 20)).addErrback { _ in failures += 1 }
      }
    }
    var patient = WebSocket.Configuration()
    patient.maximumMessageSize = 4 << 20
    let client = try bench.connect(configuration: patient)
    client.onMessage { received.append($0.bytes.count) }
    client.send("go")
    bench.run(for: .seconds(5))
    #expect(received == [4, 2 << 20] && failures == 0)
    client.close()
    bench.run()
    bench.end()
  }

  @Test(arguments: [1 << 20, 20_000, 1000, 0, -1])
  func `a sender that waits for each Deferred never meets the bound`(bound: Int) throws {
    var configuration = WebSocket.Configuration()
    configuration.sendBufferSize = bound
    var failures = 0
    var highest = 0
    let sizes = [10_000, 30_000, 1, 1 << 20, 5_000, 60_000, 1 << 20, 1_000, 1 << 20]
    let bench = try WebSocketBench(
      link: .init(latency: .milliseconds(1), bufferSize: 10_000), configuration: configuration
    ) { socket in
      var rest = sizes[...]
      func next() {
        guard let size = rest.popFirst() else { return }
        socket.send([UInt8](repeating: 1, count: size)).addBoth { result in
          if case .failure = result { failures += 1 }
          highest = max(highest, socket.bufferedBytes)
          next()
        }
      }
      next()
    }
    let client = try bench.connect()
    var received: [Int] = []
    client.onMessage { received.append($0.bytes.count) }
    bench.run(for: .seconds(60))
    #expect(received == sizes && failures == 0)
    #expect(highest < (1 << 20) + 100_000)
    client.close()
    bench.run()
    bench.end()
  }

  @Test func `a peer that reads slowly is not cut off, though its buffer is always filled`() throws {
    var close: WebSocket.Close?
    let link = MemoryNetwork.Link(latency: .milliseconds(1), bytesPerSecond: 10_000, bufferSize: 10_000)
    let bench = try WebSocketBench(link: link) { socket in
      socket.onClose { close = $0 }
      // It keeps some 300 KB of messages in the buffer.
      func fill() {
        while socket.isOpen, socket.bufferedBytes < 300_000 {
          socket.send([UInt8](repeating: 1, count: 1_000)).addErrback { _ in }
        }
        if socket.isOpen { socket.reactor.callLater(.milliseconds(100)) { fill() } }
      }
      fill()
    }
    let caller = bench.ask()
    bench.run(for: .seconds(200))
    #expect(close == nil && caller.rest.count > 1_000_000)
    caller.transport?.abort()
    bench.run(for: .seconds(1))
    bench.end()
  }

  @Test func `a peer that still sends gets the Close frame that says why`() throws {
    // A real socket: the kernel answers bytes that come behind close(2) with a reset.
    let reactor = Reactor()
    let server = HTTPServer { _ in .webSocket { socket in socket.onMessage { _ in } } }
    let port = try server.listen(0, on: reactor).localAddress.port
    let caller = Flooder()
    reactor.connectTCP("127.0.0.1", port) { caller }.addErrback { Issue.record($0) }
    caller.onLost = { reactor.stop() }
    let guardCall = reactor.callLater(.seconds(60)) { reactor.stop() }
    reactor.run()
    guardCall.cancel()
    #expect(caller.received.suffix(200).contains(0x88) && caller.isOrderly)
  }

  @Test(arguments: [Duration.zero, .seconds(-5), .nanoseconds(1), .seconds(Int64.max)])
  func `times of any size do no harm`(time: Duration) throws {
    var configuration = WebSocket.Configuration()
    configuration.pingInterval = time
    configuration.pingTimeout = time
    configuration.closeTimeout = time
    let bench = try WebSocketBench(configuration: configuration) { socket in
      socket.onMessage { socket.send($0) }
    }
    let caller = bench.ask()
    caller.transport?.write([0x82, 0x80, 0, 0, 0, 0])
    bench.run(for: .milliseconds(20))
    caller.transport?.abort()
    bench.run()
    bench.end()
  }

  @Test(arguments: [0, -1, Int.max, Int.min])
  func `limits of any size do no harm`(limit: Int) throws {
    for compression in [WebSocket.Compression.off, .deflate] {
      var configuration = WebSocket.Configuration()
      configuration.maximumMessageSize = limit
      configuration.compression = compression
      var close: WebSocket.Close?
      var count = 0
      let bench = try WebSocketBench(configuration: configuration) { socket in
        socket.onMessage { _ in count += 1 }
        socket.onClose { close = $0 }
      }
      let caller = bench.ask(WebSocketBench.fields + ["Sec-WebSocket-Extensions: permessage-deflate"])
      // Empty, of a byte, and of the largest length that a frame can have.
      caller.transport?.write([0x82, 0x80, 0, 0, 0, 0, 0x82, 0x81, 0, 0, 0, 0, 1])
      caller.transport?.write([0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 1])
      bench.run()
      #expect(count == (limit == .max ? 2 : limit == 0 ? 1 : 0))
      #expect(limit == .max ? close == nil : close?.code == .messageTooBig)
      caller.transport?.abort()
      bench.run()
      bench.end()
    }
  }
}

/// Asks for a socket, sends a message that is too large, and continues to send as long as it can.
private final class Flooder: StreamProtocol {
  private var transport: (any Transport)?
  private(set) var received: [UInt8] = []
  private(set) var isOrderly = false
  private var rounds = 0
  var onLost: () -> Void = {}

  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    transport.write("GET / HTTP/1.1\r\n" + WebSocketBench.fields.map { $0 + "\r\n" }.joined() + "\r\n")
    transport.write([0x82, 0xFF, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0])
    fill()
  }

  private func fill() {
    guard rounds < 200, let transport, !transport.isClosing else { return }
    rounds += 1
    transport.write([UInt8](repeating: 1, count: 64 * 1024))
    if transport.bufferedBytes == 0 { transport.reactor.callSoon { [weak self] in self?.fill() } }
  }

  func writeBufferEmptied() { fill() }

  func dataReceived(_ bytes: Span<UInt8>) {
    for index in bytes.indices { received.append(bytes[index]) }
  }

  func endReceived() -> Bool {
    isOrderly = true
    transport?.abort()
    return false
  }

  func connectionLost(_ end: ConnectionEnd) {
    transport = nil
    onLost()
    onLost = {}
  }
}
