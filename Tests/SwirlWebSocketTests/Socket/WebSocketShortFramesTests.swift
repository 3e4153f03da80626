import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import SwirlWebSocket
import Testing

/// Short messages of a server, whose frames the sockets of a reactor collect in shared memory.
@Suite(.failsOnUnhandledFailures) struct WebSocketShortFramesTests {
  /// A frame of a client with a key of zeros.
  private func frame(_ opcode: UInt8, _ content: [UInt8]) -> [UInt8] {
    [0x80 | opcode, 0x80 | UInt8(content.count), 0, 0, 0, 0] + content
  }

  private func text(_ text: String) -> [UInt8] { frame(1, Array(text.utf8)) }

  /// A frame of the server.
  private func answer(_ opcode: UInt8, _ content: [UInt8]) -> [UInt8] {
    let count = content.count
    return [0x80 | opcode] + (count <= 125 ? [UInt8(count)] : [126, UInt8(count >> 8), UInt8(count & 0xFF)]) + content
  }

  @Test func `frames of all kinds leave in the order in which they were sent`() throws {
    let long = [UInt8](repeating: 7, count: 300)
    let bench = try WebSocketBench { socket in
      socket.onMessage { message in
        socket.send(message)
        if message == .text("2") { socket.send(long) }
        if message == .text("4") { [socket].broadcast("all") }
      }
    }
    let caller = bench.ask()
    caller.transport?.write(text("1") + text("2") + text("3") + frame(9, [5]) + text("4") + text("") + text("é"))
    bench.run()
    let expected: [[UInt8]] = [
      answer(1, [0x31]), answer(1, [0x32]), answer(2, long), answer(1, [0x33]), answer(10, [5]), answer(1, [0x34]),
      answer(1, Array("all".utf8)), answer(1, []), answer(1, Array("é".utf8)),
    ]
    #expect(caller.rest == expected.flatMap { $0 })
    caller.transport?.abort()
    bench.run()
    bench.end()
  }

  @Test func `more than the memory for them is sent in order`() throws {
    let bench = try WebSocketBench { socket in
      socket.onMessage { _ in
        for number in 0..<2_000 { socket.send([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 100)) }
      }
    }
    let caller = bench.ask()
    caller.transport?.write(text("go"))
    bench.run(for: .seconds(2))
    let frames = (0..<2_000).map { answer(2, [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: 100)) }
    #expect(caller.rest == frames.flatMap { $0 })
    caller.transport?.abort()
    bench.run()
    bench.end()
  }

  @Test func `a handler that closes in the middle of a read sends what it sent before, and no more`() throws {
    let bench = try WebSocketBench { socket in
      socket.onText { text in
        socket.send(text)
        if text == "2" { socket.close() }
      }
    }
    let caller = bench.ask()
    caller.transport?.write(text("1") + text("2") + text("3"))
    bench.run()
    #expect(caller.rest == answer(1, [0x31]) + answer(1, [0x32]) + answer(8, [0x03, 0xE8]))
    caller.transport?.abort()
    bench.run()
    bench.end()
  }

  @Test func `answers to the messages before a bad frame are sent before the Close frame`() throws {
    let bench = try WebSocketBench { socket in
      socket.onText { socket.send($0) }
    }
    let caller = bench.ask()
    // A text that is not UTF-8.
    caller.transport?.write(text("1") + frame(1, [0xFF]) + text("2"))
    bench.run()
    #expect(caller.rest.starts(with: answer(1, [0x31]) + [0x88]))
    #expect(caller.rest.dropFirst(5).starts(with: [0x03, 0xEF]))
    caller.transport?.abort()
    bench.run()
    bench.end()
  }

  @Test func `a socket that answers for another during a read keeps each one's frames apart`() throws {
    var sockets: [WebSocket] = []
    let bench = try WebSocketBench { socket in
      sockets.append(socket)
      socket.onText { text in
        socket.send("first " + text)
        for other in sockets where other != socket { other.send("for you: " + text) }
        socket.send("last " + text)
      }
    }
    let (one, two) = (bench.ask(), bench.ask())
    one.transport?.write(text("1") + text("2"))
    bench.run()
    #expect(one.rest == ["first 1", "last 1", "first 2", "last 2"].flatMap { answer(1, Array($0.utf8)) })
    #expect(two.rest == ["for you: 1", "for you: 2"].flatMap { answer(1, Array($0.utf8)) })
    for caller in [one, two] { caller.transport?.abort() }
    bench.run()
    sockets = []
    bench.end()
  }

  @Test func `bytes that wait for the end of the read count as buffered`() throws {
    var buffered: [Int] = []
    let bench = try WebSocketBench { socket in
      socket.onText { text in
        socket.send(text)
        buffered.append(socket.bufferedBytes)
      }
    }
    let caller = bench.ask()
    caller.transport?.write(text("abc") + text("defg"))
    bench.run()
    #expect(buffered == [5, 11])
    caller.transport?.abort()
    bench.run()
    bench.end()
  }

  @Test func `a Deferred that the program keeps is its own`() throws {
    var kept: [Deferred<Void>] = []
    var calls = 0
    let bench = try WebSocketBench { socket in
      socket.onText { text in
        let sent = socket.send(text)
        if text == "keep" { kept.append(sent) }
        // Paused, or not released: another send has another one.
        if text == "pause" { sent.pause() }
        if text == "after" { sent.addCallback { calls += 1 } }
      }
    }
    let caller = bench.ask()
    caller.transport?.write(text("keep") + text("keep") + text("pause") + text("after"))
    bench.run()
    #expect(kept.count == 2 && kept[0] !== kept[1])
    #expect(calls == 1)
    caller.transport?.abort()
    bench.run()
    bench.end()
  }
}
