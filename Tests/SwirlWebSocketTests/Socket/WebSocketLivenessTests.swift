import SwirlDeferred
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import SwirlWebSocket
import Testing

@Suite(.failsOnUnhandledFailures) struct WebSocketLivenessTests {
  @Test func `a ping is answered with its content, within a fragmented message too`() throws {
    var texts: [String] = []
    let bench = try WebSocketBench { $0.onText { texts.append($0) } }
    let caller = bench.ask()
    let (first, ping, last): ([UInt8], [UInt8], [UInt8]) = (
      [0x01, 0x81, 0, 0, 0, 0, 0x41], [0x89, 0x82, 0, 0, 0, 0, 7, 8], [0x80, 0x81, 0, 0, 0, 0, 0x42]
    )
    caller.transport?.write(first + ping + last)
    bench.run()
    #expect(caller.rest == [0x8A, 2, 7, 8] && texts == ["AB"])
    bench.end()
  }

  @Test func `a peer that was silent is pinged, and its pong tells the round trip`() throws {
    var server: WebSocket?
    let bench = try WebSocketBench(link: .init(latency: .milliseconds(15))) { server = $0 }
    let client = try bench.connect()
    client.onMessage { _ in }
    bench.run(for: .seconds(300))
    #expect(server?.roundTrip == .milliseconds(30) && server?.isOpen == true && client.isOpen)
    bench.end()
  }

  @Test func `a peer that answers no ping is cut off, and no handle is left`() throws {
    var close: WebSocket.Close?
    let bench = try WebSocketBench { socket in socket.onClose { close = $0 } }
    let caller = bench.ask()
    bench.run(for: .seconds(49))
    #expect(close == nil && caller.rest == [0x89, 4, 0, 0, 0, 1])
    bench.run(for: .seconds(2))
    #expect(close?.code == .abnormalClosure && "\(close!)".contains("has not answered a ping within"))
    bench.end()
  }

  @Test func `a peer that takes nothing for a minute is cut off`() throws {
    var close: WebSocket.Close?
    let bench = try WebSocketBench(link: .init(latency: .milliseconds(1), bufferSize: 10_000)) { socket in
      socket.send([UInt8](repeating: 1, count: 500_000)).addErrback { _ in }
      socket.onClose { close = $0 }
    }
    let caller = bench.ask(readsOn: false)
    bench.run(for: .seconds(120))
    #expect("\(close!)".contains("has taken no byte"))
    caller.transport?.abort()
    bench.end()
  }

  /// The frame of a text of 60,000 bytes from a client.
  private static let longText: [UInt8] = [0x81, 0xFE, 0xEA, 0x60, 0, 0, 0, 0] + Array(repeating: 0x61, count: 60_000)

  @Test func `a paused consumer's peer gets one ping, and its time to answer begins when reading resumes`() throws {
    var close: WebSocket.Close?
    var texts = 0
    let done = Deferred<Void>()
    let bench = try WebSocketBench { socket in
      socket.onText { _ -> Deferred<Void> in
        texts += 1
        return texts == 1 ? done : .succeed()
      }
      socket.onClose { close = $0 }
    }
    let caller = bench.ask()
    // Two are kept, and no byte is left to read: the first that arrives later would be a sign of life.
    for _ in 1...3 { caller.transport?.write(Self.longText) }
    bench.run(for: .seconds(600))
    #expect(close == nil && texts == 1 && caller.rest == [0x89, 4, 0, 0, 0, 1])
    done.callback()
    bench.run(for: .seconds(40))
    #expect(close == nil && texts == 3 && caller.rest == [0x89, 4, 0, 0, 0, 1, 0x89, 4, 0, 0, 0, 2])
    bench.run(for: .seconds(20))
    #expect("\(close!)".contains("has not answered a ping within"))
    caller.transport?.abort()
    bench.end()
  }

  @Test func `ping() tells the round trip, and fails when the connection ends`() throws {
    let bench = try WebSocketBench(link: .init(latency: .milliseconds(15))) { _ in }
    let client = try bench.connect()
    client.onMessage { _ in }
    var trip: Duration?
    client.ping().addCallback { trip = $0 }
    bench.run()
    #expect(trip == .milliseconds(30))
    bench.server.stop()
    var isRefused = false
    bench.run()
    client.ping().addErrback { _ in
      isRefused = true
      return .zero
    }
    #expect(isRefused)
    bench.end()
  }
}
