import SwirlDeferred
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlWebSocket

@Suite(.failsOnUnhandledFailures) struct WebSocketBadPeerTests {
  /// Sockets of a server, which nothing else keeps.
  private final class Sockets {
    private struct Weak { weak var socket: WebSocket? }

    private var all: [Weak] = []
    var living: [WebSocket] { all.compactMap(\.socket) }

    func append(_ socket: WebSocket) { all.append(Weak(socket: socket)) }
  }

  /// Opens sockets that read their answer's head and then nothing.
  private func openDeaf(_ count: Int, _ bench: WebSocketBench) -> [RawCaller] {
    let request = "GET / HTTP/1.1\r\n" + WebSocketBench.fields.map { $0 + "\r\n" }.joined() + "\r\n"
    let callers = (0..<count).map { _ in RawCaller(readsOn: false, request) }
    for caller in callers {
      bench.reactor.connectTCP("server.test", bench.port) { caller }.addErrback { Issue.record($0) }
    }
    return callers
  }

  @Test(arguments: [WebSocket.Overflow.wait, .drop, .close])
  func `a thousand that never read hold no more than their buffers, and others are served`(
    overflow: WebSocket.Overflow
  ) throws {
    var configuration = WebSocket.Configuration()
    configuration.sendBufferSize = 20_000
    configuration.overflow = overflow
    let sockets = Sockets()
    let bench = try WebSocketBench(
      link: .init(latency: .milliseconds(1), bufferSize: 10_000), configuration: configuration
    ) { socket in
      sockets.append(socket)
    }
    let callers = openDeaf(1_000, bench)
    let good = try bench.connect()
    var received = 0
    good.onMessage { received += $0.bytes.count == 1_000 ? 1 : 0 }
    #expect(sockets.living.count == 1_001)

    let message = [UInt8](repeating: 7, count: 1_000)
    var (results, codes): ([String: Int], [WebSocket.CloseCode: Int]) = ([:], [:])
    for socket in sockets.living { socket.onClose { codes[$0.code, default: 0] += 1 } }
    for _ in 0..<50 {
      for socket in sockets.living where socket.isOpen {
        socket.send(message).addBoth { result in
          switch result {
          case .success: results["sent", default: 0] += 1
          case .failure(WebSocket.SendError.bufferIsFull): results["full", default: 0] += 1
          case .failure: results["closed", default: 0] += 1
          }
        }
      }
      bench.run(for: .milliseconds(100))
      #expect(sockets.living.allSatisfy { $0.bufferedBytes <= 20_000 })
    }
    #expect(received == 50)
    switch overflow {
    // Some 30 messages fill the buffers of both ends, and of the others each is refused.
    case .wait: #expect((15_000...25_000).contains(results["full", default: 0]))
    case .drop: #expect((15_000...25_000).contains(sockets.living.reduce(0) { $0 + $1.droppedMessages }))
    case .close: #expect(codes == [.policyViolation: 1_000])
    }

    // Those that are still there are cut off, as they have taken no byte.
    bench.run(for: .seconds(120))
    #expect(sockets.living.map(\.isOpen) == [true])
    #expect(codes.values.reduce(0, +) == 1_000 && good.isOpen)
    for caller in callers { caller.transport?.abort() }
    good.close()
    bench.run()
    #expect(codes[.normalClosure] == 1 && sockets.living.isEmpty)
    bench.end()
  }

  @Test func `a thousand that send a byte a second hold what they sent, and others are served`() throws {
    let sockets = Sockets()
    var messages: [WebSocket.Message] = []
    let bench = try WebSocketBench { socket in
      sockets.append(socket)
      socket.onMessage { message in
        if message != .text("quick") { messages.append(message) }
        return socket.send(message)
      }
    }
    let callers = openDeaf(1_000, bench)
    bench.run()
    let good = try bench.connect()
    var echoes = 0
    good.onMessage { _ in echoes += 1 }
    // The first message is announced with all that is allowed; that of the last is 80 bytes.
    let header: [UInt8] = [0x82, 0xFF, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0]
    let short: [UInt8] = [0x82, 0x80 | 80, 0, 0, 0, 0]
    let bytes = header + [UInt8](repeating: 1, count: 86 - header.count)
    let last = short + [UInt8](repeating: 1, count: 80)
    for second in 0..<86 {
      for caller in callers.dropLast() { caller.transport?.write([bytes[second]]) }
      callers.last?.transport?.write([last[second]])
      if second % 10 == 0 { good.send("quick") }
      bench.run(for: .seconds(1))
    }
    #expect(echoes == 9 && messages == [.binary([UInt8](repeating: 1, count: 80))])
    #expect(sockets.living.count == 1_001 && sockets.living.allSatisfy(\.isOpen))
    #expect(sockets.living.allSatisfy { $0.reader.content.capacity < 512 })

    // They do not answer a Close frame either.
    _ = bench.server.stop()
    bench.run(for: .seconds(30))
    #expect(sockets.living.isEmpty)
    for caller in callers { caller.transport?.abort() }
    bench.end()
  }

  @Test func `bombs end their sockets with 1009, inflated up to the limit only`() throws {
    var configuration = WebSocket.Configuration()
    configuration.maximumMessageSize = 100_000
    configuration.compression = .deflate
    let sockets = Sockets()
    var closes: [WebSocket.Close] = []
    let bench = try WebSocketBench(configuration: configuration) { socket in
      sockets.append(socket)
      socket.onMessage { message in socket.send(message) }
      socket.onClose { closes.append($0) }
    }
    let good = try bench.connect()
    var echoes = 0
    good.onMessage { _ in echoes += 1 }

    var agreed = WebSocketDeflate.Agreed()
    agreed.serverWindowBits = 12
    var writer = WebSocketWriter(role: .client, deflate: agreed)
    var bomb: [UInt8] = []
    writer.message([UInt8](repeating: 0, count: 32 << 20).span, isText: false, compressed: true, to: &bomb)
    #expect(bomb.count < 40_000)
    let fields = WebSocketBench.fields + ["Sec-WebSocket-Extensions: permessage-deflate"]
    for _ in 0..<50 {
      let caller = bench.ask(fields)
      caller.transport?.write(bomb)
      good.send("still there")
      bench.run()
      // The code is the only content that is compared: the reason says why.
      #expect(caller.rest.starts(with: [0x88]) && caller.rest.dropFirst(2).starts(with: [0x03, 0xF1]))
      #expect(caller.end != nil)
    }
    #expect(echoes == 50 && closes.map(\.code) == [WebSocket.CloseCode](repeating: .messageTooBig, count: 50))
    bench.run(for: .seconds(30))
    #expect(sockets.living.count == 1)
    good.close()
    bench.run()
    bench.end()
  }
}
