import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlNet

@Suite(.timeLimit(.minutes(10))) struct StreamReaderTests {
  /// Runs `body` with a reader. The server sends these pieces, each in its own turn, and then closes.
  private func withReader(
    _ pieces: [String], limit: Int = 64 * 1024, _ body: @escaping (inout StreamReader) async throws -> Void
  ) async throws {
    try await withReactorThread { remote in
      let address = try await remote.run { reactor in
        try reactor.startServer(0) { connection in
          for piece in pieces {
            try await connection.write(piece)
            await Task.yield()
          }
        }.localAddress
      }
      let connection = try await remote.open(address)
      var reader = StreamReader(connection.inbound, limit: limit)
      try await body(&reader)
    }
  }

  @Test(arguments: [1, 2, 3, 7, 100]) func `lines, with and without a carriage return, and a last one without an end`(
    _ size: Int
  ) async throws {
    let text = Array("GET / HTTP/1.1\r\nHost: a\n\n\r\nlast")
    let pieces = stride(from: 0, to: text.count, by: size).map { String(text[$0..<min($0 + size, text.count)]) }
    try await withReader(pieces) { reader in
      var lines: [String] = []
      while let line = try await reader.readLine() { lines.append(line) }
      #expect(lines == ["GET / HTTP/1.1", "Host: a", "", "", "last"])
      #expect(try await reader.readLine() == nil)
      #expect(try await reader.read() == [])
    }
    try await withReader(pieces) { reader in
      var lines: [String] = []
      for try await line in reader.lines() { lines.append(line) }
      #expect(lines.count == 5)
    }
  }

  @Test func `so many bytes, all up to a delimiter, what is there, and the rest`() async throws {
    try await withReader(["abc", "def--", "-ghi", "jkl"]) { reader in
      #expect(try await reader.readExactly(4) == Array("abcd".utf8))
      #expect(try await reader.readUntil(Array("---".utf8)) == Array("ef---".utf8))
      #expect(try await reader.readExactly(0) == [])
      #expect(try await reader.read(atMost: 2).count <= 2)
      let rest = try await reader.readAll(atMost: 100)
      #expect(String(decoding: rest, as: UTF8.self).hasSuffix("jkl"))
    }
  }

  @Test func `what does not come in time is an error, and what came can still be read`() async throws {
    try await withReader(["abcdef"]) { reader in
      let error = await #expect(throws: StreamReaderError.self) { try await reader.readExactly(7) }
      #expect(error?.code == .endOfStream && error?.description == "the stream ended after 6 of 7 bytes")
      let other = await #expect(throws: StreamReaderError.self) { try await reader.readUntil([0]) }
      #expect(other?.code == .endOfStream)
      let all = try await reader.readAll(atMost: 6)
      #expect(all == Array("abcdef".utf8))
    }
    try await withReader([String(repeating: "x", count: 500)], limit: 100) { reader in
      let error = await #expect(throws: StreamReaderError.self) { try await reader.readLine() }
      #expect(error?.code == .tooLong)
      let more = await #expect(throws: StreamReaderError.self) { try await reader.readAll(atMost: 499) }
      #expect(more?.code == .tooLong)
      let all = try await reader.readAll(atMost: 500)
      #expect(all.count == 500)
    }
  }

  @Test func `drain waits while the peer does not read, and fails once the connection has ended`() async throws {
    try await withReactorThread { remote in
      let address = try await remote.run { reactor in
        try reactor.startServer(0) { connection in
          var reader = StreamReader(connection.inbound)
          _ = try await reader.readExactly(20_000_000)
          try await connection.write("all")
        }.localAddress
      }
      let connection = try await remote.open(address)
      for _ in 0..<20 { try await connection.write([UInt8](repeating: 7, count: 1_000_000)) }
      try await connection.drain()
      var answer = StreamReader(connection.inbound)
      #expect(try await answer.readExactly(3) == Array("all".utf8))
      connection.abort()
      await #expect(throws: NetError.self) { try await connection.drain() }
    }
  }

  @Test func `a task that waits for a line hears of its cancellation`() async throws {
    try await withReactorThread { remote in
      let address = try await remote.run { reactor in
        try reactor.startServer(0) { try await $0.closed() }.localAddress
      }
      let connection = try await remote.open(address)
      let task = Task {
        var reader = StreamReader(connection.inbound)
        return try await reader.readLine()
      }
      await Task.yield()
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
  }

  @Test func `what was cut off by an error is never taken for the whole`() async throws {
    let stream = StreamBuffer<[UInt8]>(on: Reactor().remote, high: 1000, low: 100) { $0.count }
    stream.put(Array("half a li".utf8))
    stream.finish(throwing: NetError(.read, "the peer", reason: "it broke"))
    var reader = StreamReader(ReactorStream(stream))
    for _ in 0..<2 { await #expect(throws: NetError.self) { try await reader.readLine() } }
    await #expect(throws: NetError.self) { try await reader.readAll(atMost: 100) }
    #expect(try await reader.read() == Array("half a li".utf8))
    await #expect(throws: NetError.self) { try await reader.read() }
  }
}
