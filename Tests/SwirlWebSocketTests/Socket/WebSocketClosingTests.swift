import SwirlDeferred
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import SwirlWebSocket
import Testing

@Suite(.failsOnUnhandledFailures) struct WebSocketClosingTests {
  @Test func `each end learns the code and the reason of the other`() throws {
    for serverCloses in [true, false] {
      var closes: [String] = []
      var server: WebSocket?
      let bench = try WebSocketBench { socket in
        server = socket
        socket.onClose { closes.append("server \($0.code) \($0.reason) \($0.isClean)") }
      }
      let client = try bench.connect()
      client.onClose { closes.append("client \($0.code) \($0.reason) \($0.isClean)") }
      let closer = serverCloses ? server : client
      closer?.close(4001, reason: "bye")
      #expect(closer?.isOpen == false)
      closer?.close()
      bench.run()
      #expect(closes.count == 2 && closes.allSatisfy { $0.hasSuffix(" 4001 bye true") || $0.hasSuffix(" 4001  true") })
      bench.end()
    }
  }

  @Test func `a connection that is cut is closed with 1006 and an error`() throws {
    var close: WebSocket.Close?
    let bench = try WebSocketBench { socket in socket.onClose { close = $0 } }
    let caller = bench.ask()
    caller.transport?.abort()
    bench.run()
    #expect(close?.code == .abnormalClosure && close?.isClean == false && close?.error != nil)
    bench.end()
  }

  @Test func `a peer that does not answer the Close frame is cut off in time`() throws {
    var close: WebSocket.Close?
    let bench = try WebSocketBench { socket in
      socket.onClose { close = $0 }
      socket.close(.goingAway)
    }
    let caller = bench.ask()
    bench.run(for: .seconds(9))
    #expect(close == nil)
    bench.run(for: .seconds(2))
    #expect(close?.code == .goingAway && close?.isClean == false)
    bench.run(for: .seconds(20))
    #expect(caller.end != nil)
    bench.end()
  }

  @Test(
    arguments: [
      ([0x81, 0x01, 0x41], 1002),  // not masked
      ([0xC1, 0x80, 0, 0, 0, 0], 1002),  // RSV1 without an extension
      ([0x83, 0x80, 0, 0, 0, 0], 1002),  // an opcode of the future
      ([0x81, 0x81, 0, 0, 0, 0, 0xFF], 1007),
      ([0x82, 0xFF, 0, 0, 0, 0, 0x7F, 0, 0, 0, 0, 0, 0, 0], 1009),
      ([0x88, 0x81, 0, 0, 0, 0, 3], 1002),
    ] as [([UInt8], Int)])
  func `what breaks the protocol is answered by its code`(bytes: [UInt8], code: Int) throws {
    var close: WebSocket.Close?
    let bench = try WebSocketBench { socket in
      socket.onMessage { _ in Issue.record("a message") }
      socket.onClose { close = $0 }
    }
    let caller = bench.ask()
    caller.transport?.write(bytes)
    bench.run()
    #expect(close?.code.rawValue == UInt16(code) && close?.error != nil)
    #expect(caller.rest.prefix(4).dropFirst(2) == [UInt8(code >> 8), UInt8(code & 0xFF)] && caller.rest.first == 0x88)
    #expect(caller.end != nil)
    bench.end()
  }

  @Test func `sending after the end fails, and so do the sends that waited`() throws {
    var results: [String] = []
    let bench = try WebSocketBench(link: .init(latency: .milliseconds(1), bufferSize: 10_000)) { socket in
      for _ in 0..<20 {
        socket.send([UInt8](repeating: 1, count: 20_000)).addBoth { result in
          if case .failure(WebSocket.SendError.isClosed) = result { results.append("closed") }
        }
      }
      socket.onClose { _ in
        socket.send("late").addErrback { _ in results.append("late") }
      }
    }
    let caller = bench.ask(readsOn: false)
    caller.transport?.abort()
    bench.run()
    #expect(results.filter { $0 == "closed" }.count > 5 && results.last == "late")
    bench.end()
  }

  @Test func `a loop ends when its socket is closed here, whatever the code`() throws {
    var hasEnded = false
    let bench = try WebSocketBench { socket in
      Deferred {
        for try await _ in socket { socket.close(4000) }
      }.addCallback { hasEnded = true }
    }
    let client = try bench.connect()
    client.send("x")
    bench.run()
    #expect(hasEnded)
    bench.end()
  }

  @Test func `a loop throws when the connection was cut`() throws {
    var outcome = ""
    let bench = try WebSocketBench { socket in
      Deferred {
        for try await _ in socket {}
      }.addBoth { result in
        switch result {
        case .success: outcome = "ended"
        case .failure(let error as WebSocket.ClosedError): outcome = "threw \(error.close.code)"
        case .failure(let error): outcome = "\(error)"
        }
      }
    }
    bench.ask().transport?.abort()
    bench.run()
    #expect(outcome == "threw 1006")
    bench.end()
  }

  @Test func `the server's stop closes its sockets with 1001, and waits for them`() throws {
    let bench = try WebSocketBench { _ in }
    var close: WebSocket.Close?
    try bench.connect().onClose { close = $0 }
    #expect(bench.server.connectionCount == 1)
    var hasStopped = false
    bench.server.stop().addCallback { _ in hasStopped = true }
    #expect(!hasStopped)
    bench.run()
    #expect(close?.code == .goingAway && close?.isClean == true && hasStopped)
    #expect(bench.server.connectionCount == 0)
    bench.end()
  }

  @Test func `a callback that throws closes with 1011`() throws {
    struct Bad: Error {}
    let bench = try WebSocketBench { socket in
      socket.onMessage { _ in throw Bad() }
    }
    var close: WebSocket.Close?
    let client = try bench.connect()
    client.onClose { close = $0 }
    client.send("x")
    bench.run()
    #expect(close?.code == .internalError)
    bench.end()
  }

  @Test func `closing within a message's callback delivers no more`() throws {
    var texts: [String] = []
    let bench = try WebSocketBench { socket in
      socket.onText { text in
        texts.append(text)
        if text == "2" { socket.close() }
      }
    }
    let client = try bench.connect()
    for number in 1...5 { client.send("\(number)") }
    bench.run()
    #expect(texts == ["1", "2"])
    bench.end()
  }

  @Test func `a reactor that is released releases both ends, whose callbacks retain them, and the server`() throws {
    weak var client: WebSocket?
    weak var peer: WebSocket?
    weak var server: HTTPServer?
    do {
      let bench = try WebSocketBench { socket in
        peer = socket
        socket.onMessage { message in socket.send(message) }
        socket.onClose { _ in socket.close() }
      }
      let socket = try bench.connect()
      socket.onMessage { message in socket.send(message) }
      client = socket
      server = bench.server
      #expect(client != nil && peer != nil && server != nil)
    }
    #expect(client == nil && peer == nil && server == nil)
  }
}
