import SwirlDeferred
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import SwirlWebSocket
import Testing

/// Calls that a program makes inside callbacks, and ends that come while it is busy.
@Suite(.failsOnUnhandledFailures) struct WebSocketReentrancyTests {
  struct Bad: Error {}

  /// A frame of a client with a key of zeros.
  private func frame(_ opcode: UInt8, _ content: [UInt8]) -> [UInt8] {
    [0x80 | opcode, 0x80 | UInt8(content.count), 0, 0, 0, 0] + content
  }

  private func text(_ text: String) -> [UInt8] { frame(1, Array(text.utf8)) }

  private let close: [UInt8] = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8]

  @Test func `a message behind one whose work ends with a pong in the same read is delivered`() throws {
    var texts: [String] = []
    let bench = try WebSocketBench { socket in
      socket.onText { text in
        texts.append(text)
        return text == "1" ? socket.ping().addCallback { _ in } : .succeed()
      }
    }
    let caller = bench.ask()
    caller.transport?.write(text("1"))
    bench.run()
    try #require(texts == ["1"] && caller.rest.prefix(2) == [0x89, 4])
    caller.transport?.write(text("2") + frame(10, Array(caller.rest[2..<6])))
    bench.run()
    #expect(texts == ["1", "2"])
    caller.transport?.abort()
    bench.run()
    bench.end()
  }

  @Test func `onMessage that is set in a pong's callback gets what was kept`() throws {
    var texts: [String] = []
    let bench = try WebSocketBench(
      HTTPServer { _ in
        .webSocket { socket in
          socket.ping().addCallback { _ in socket.onText { texts.append($0) } }
          _ = try await socket.closed().value
        }
      })
    let caller = bench.ask()
    caller.transport?.write(text("1") + frame(10, Array(caller.rest[2..<6])))
    bench.run()
    #expect(texts == ["1"])
    caller.transport?.abort()
    bench.run()
    bench.end()
  }

  @Test(arguments: [true, false])
  func `a callback that fails after the peer's close does not keep onClose from its call`(isLater: Bool) throws {
    var closes = 0
    let bench = try WebSocketBench { socket in
      let reactor = socket.reactor
      socket.onMessage { _ in
        reactor.sleep(.milliseconds(20)).addCallback { throw Bad() }
      }
      socket.onClose { _ in closes += 1 }
    }
    let caller = bench.ask()
    caller.transport?.write(text("1") + (isLater ? text("2") : []) + close)
    bench.run(for: .seconds(1))
    #expect(closes == 1)
    bench.end()
  }

  @Test func `a handler that leaves its loop with messages untaken learns the end, and is released`() throws {
    var closes: [WebSocket.CloseCode] = []
    weak var released: WebSocket?
    let bench = try WebSocketBench(
      HTTPServer { _ in
        .webSocket { socket in
          released = socket
          socket.onClose { close in
            closes.append(close.code)
            _ = socket.isOpen
          }
          for try await message in socket {
            try await socket.reactor.sleep(.milliseconds(20)).value
            if message.text == "quit" { break }
          }
        }
      })
    let caller = bench.ask()
    caller.transport?.write(text("quit") + text("more") + close)
    bench.run(for: .seconds(1))
    #expect(closes == [.normalClosure] && released == nil)
    bench.end()
  }

  @Test func `close() behind the peer's close drops what a callback was too busy for`() throws {
    var texts: [String] = []
    var closes = 0
    var server: WebSocket?
    let bench = try WebSocketBench { socket in
      server = socket
      let reactor = socket.reactor
      socket.onText { text in
        texts.append(text)
        return reactor.sleep(.seconds(1))
      }
      socket.onClose { _ in closes += 1 }
    }
    let caller = bench.ask()
    caller.transport?.write(text("1") + text("2") + close)
    bench.run()
    server?.close()
    bench.run(for: .seconds(3))
    #expect(texts == ["1"] && closes == 1)
    server = nil
    bench.end()
  }

  @Test func `onMessage that is set after the handler has returned is bounded, too`() throws {
    var server: WebSocket?
    var count = 0
    let bench = try WebSocketBench(link: .init(latency: .milliseconds(1), bufferSize: 20_000)) { server = $0 }
    let client = try bench.connect()
    bench.run()
    let busy = Deferred<Void>()
    server?.onMessage { _ in
      count += 1
      return count == 1 ? busy : .succeed()
    }
    var sent = 0
    func send() {
      guard sent < 1000 else { return }
      sent += 1
      client.send([UInt8](repeating: 1, count: 10_000)).addCallback { send() }.addErrback { _ in }
    }
    send()
    bench.run(for: .seconds(20))
    #expect(count == 1 && sent < 100)
    busy.callback()
    bench.run(for: .seconds(30))
    #expect(count == 1000)
    client.close()
    bench.run()
    server = nil
    bench.end()
  }

  @Test func `a loop in a task that a handler starts loses no message`() throws {
    var texts: [String] = []
    let bench = try WebSocketBench { socket in
      let reactor = socket.reactor
      _ = Deferred {
        for try await message in socket {
          texts.append(message.text ?? "")
          try await reactor.sleep(.milliseconds(10)).value
        }
      }
    }
    let client = try bench.connect()
    for number in 1...5 { client.send("\(number)") }
    bench.run(for: .seconds(1))
    #expect(texts == ["1", "2", "3", "4", "5"])
    client.close()
    bench.run()
    bench.end()
  }

  @Test func `a socket that is passed on ends with the code of the other, whatever it is`() throws {
    for how in ["cut", "no code", "code"] {
      var codes: [WebSocket.CloseCode] = []
      var server: WebSocket?
      let bench = try WebSocketBench { server = $0 }
      let other = try bench.connect()
      other.onClose { codes.append($0.code) }
      bench.run()
      let passesOn = try #require(server)
      let bench2 = try WebSocketBench { socket in
        socket.onClose { close in passesOn.close(close.code, reason: close.reason) }
      }
      let caller = bench2.ask()
      switch how {
      case "cut": caller.transport?.abort()
      case "no code": caller.transport?.write([0x88, 0x80, 0, 0, 0, 0])
      default: caller.transport?.write([0x88, 0x82, 0, 0, 0, 0, 0x0F, 0xA1])
      }
      bench2.run()
      bench.run()
      #expect(codes == [how == "cut" ? .internalError : how == "no code" ? .noStatusReceived : 4001])
      bench2.end()
      server = nil
      bench.end()
    }
  }

  @Test func `the server's stop inside a callback, and close() inside onClose and broadcast`() throws {
    var closes = 0
    var room: Set<WebSocket> = []
    var stop: () -> Void = {}
    let bench = try WebSocketBench { socket in
      room.insert(socket)
      socket.onText { text in
        if text == "stop" { stop() }
        room.broadcast(text)
        socket.close()
      }
      socket.onClose { _ in
        room.remove(socket)
        socket.close()
        room.broadcast("left")
        closes += 1
      }
    }
    stop = { [unowned bench] in _ = bench.server.stop() }
    let clients = try (0..<5).map { _ in try bench.connect() }
    for client in clients {
      client.onText { text in
        if text == "left" { client.close() }
      }
    }
    clients[0].send("stop")
    bench.run(for: .seconds(2))
    #expect(closes == 5 && room.isEmpty && bench.server.connectionCount == 0)
    stop = {}
    bench.end()
  }
}
