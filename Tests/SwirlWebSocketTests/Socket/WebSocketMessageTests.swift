import SwirlDeferred
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import SwirlWebSocket
import Testing

@Suite(.failsOnUnhandledFailures) struct WebSocketMessageTests {
  private func echo(_ configuration: WebSocket.Configuration = WebSocket.Configuration()) throws -> WebSocketBench {
    try WebSocketBench(configuration: configuration) { socket in
      socket.onMessage { message in socket.send(message) }
    }
  }

  @Test func `text and bytes of any length come back as they were sent`() throws {
    let bench = try echo()
    var patient = WebSocket.Configuration()
    patient.sendBufferSize = 4 << 20
    let socket = try bench.connect(configuration: patient)
    let sent: [WebSocket.Message] = [0, 1, 125, 126, 65_535, 65_536, 300_000].flatMap { count in
      [.text(String(repeating: "é", count: count / 2)), .binary((0..<count).map { UInt8(truncatingIfNeeded: $0) })]
    }
    var received: [WebSocket.Message] = []
    socket.onMessage { received.append($0) }
    for message in sent { socket.send(message) }
    bench.run(for: .seconds(5))
    #expect(received == sent)
    socket.close()
    bench.run()
    bench.end()
  }

  @Test func `a loop gets the messages in order, and ends with the peer's close`() throws {
    let bench = try WebSocketBench { socket in
      for number in 1...5_000 { socket.send("\(number)") }
      socket.close()
    }
    let socket = try bench.connect()
    var received: [String] = []
    let loop = Deferred {
      for try await message in socket { received.append(message.text ?? "") }
    }
    var hasEnded = false
    loop.addCallback { hasEnded = true }
    bench.run(for: .seconds(5))
    #expect(received == (1...5_000).map { "\($0)" } && hasEnded)
    bench.end()
  }

  @Test func `a handler that awaits echoes, and closes when it returns`() throws {
    let server = HTTPServer { _ in
      .webSocket { socket in
        for try await message in socket {
          if message == .text("enough") { return }
          try await socket.send(message)
        }
      }
    }
    let bench = try WebSocketBench(server)
    let socket = try bench.connect()
    var received: [WebSocket.Message] = []
    var close: WebSocket.Close?
    socket.onMessage { received.append($0) }
    socket.onClose { close = $0 }
    for text in ["one", "two", "enough", "three"] { socket.send(text) }
    bench.run()
    #expect(received == [.text("one"), .text("two")])
    #expect(close?.code == .normalClosure && close?.isClean == true)
    bench.end()
  }

  @Test func `messages that come before anything takes them are kept, and the peer waits`() throws {
    let text = String(repeating: "x", count: 10_000)
    var server: WebSocket?
    let bench = try WebSocketBench(link: .init(latency: .milliseconds(1), bufferSize: 20_000)) { socket in
      server = socket
      for _ in 0..<50 { socket.send(text) }
    }
    let socket = try bench.connect()
    bench.run(for: .seconds(1))
    // The client has taken its 64 KiB and what is under way; the rest waits at the server.
    #expect((200_000..<500_000).contains(server?.bufferedBytes ?? 0))
    var count = 0
    socket.onMessage { _ in count += 1 }
    bench.run(for: .seconds(5))
    #expect(count == 50)
    bench.end()
  }

  @Test func `a peer that does not read stops the echo, not the memory`() throws {
    var server: WebSocket?
    let bench = try WebSocketBench(link: .init(latency: .milliseconds(1), bufferSize: 20_000)) { socket in
      server = socket
      socket.onMessage { message in socket.send(message) }
    }
    let socket = try bench.connect()
    let text = String(repeating: "x", count: 10_000)
    // It takes nothing: its loop has not begun, and it keeps 64 KiB.
    var sent = 0
    func send() {
      if sent == 100 { return }
      sent += 1
      socket.send(text).addCallback { send() }
    }
    send()
    bench.run(for: .seconds(10))
    #expect((server?.bufferedBytes ?? 0) < 200_000)
    var count = 0
    socket.onMessage { _ in count += 1 }
    bench.run(for: .seconds(10))
    #expect(count == 100)
    bench.end()
  }

  @Test(arguments: [WebSocket.Overflow.wait, .drop, .close])
  func `a sender that does not wait meets the bound`(overflow: WebSocket.Overflow) throws {
    var configuration = WebSocket.Configuration()
    configuration.sendBufferSize = 100_000
    configuration.overflow = overflow
    var results: [String] = []
    var server: WebSocket?
    let bench = try WebSocketBench(
      link: .init(latency: .milliseconds(1), bufferSize: 10_000), configuration: configuration
    ) { socket in
      server = socket
      for _ in 0..<50 {
        socket.send([UInt8](repeating: 7, count: 10_000)).addBoth { result in
          switch result {
          case .success: results.append("sent")
          case .failure(WebSocket.SendError.bufferIsFull): results.append("full")
          case .failure(WebSocket.SendError.isClosed): results.append("closed")
          case .failure(let error): results.append("\(error)")
          }
        }
      }
    }
    let socket = try bench.connect()
    bench.run(for: .seconds(2))
    #expect((server?.bufferedBytes ?? .max) <= 110_000)
    var count = 0
    socket.onMessage { _ in count += 1 }
    bench.run(for: .seconds(5))
    switch overflow {
    case .wait:
      #expect(results.filter { $0 == "full" }.count == 50 - count && results.count == 50)
    case .drop:
      #expect(server?.droppedMessages == 50 - count && results.allSatisfy { $0 == "sent" })
    case .close:
      #expect(results.contains("closed") && server?.isOpen == false)
    }
    bench.end()
  }

  @Test func `one text for all is encoded once, and reaches each`() throws {
    var sockets: [WebSocket] = []
    let bench = try WebSocketBench { sockets.append($0) }
    var received = 0
    for _ in 0..<20 { try bench.connect().onText { received += $0 == "news" ? 1 : 0 } }
    sockets[3].close()
    #expect(sockets.broadcast("news") == 19)
    bench.run()
    #expect(received == 19)
    bench.end()
  }
}
