import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

@Suite(.timeLimit(.minutes(10))) struct DatagramsTests {
  @Test func `A loop answers, and close ends it`() async throws {
    try await withReactorThread { remote in
      let server = try await remote.call { try $0.listenUDP(0) }
      let serving = Task {
        var count = 0
        for try await datagram in server {
          count += 1
          try await server.reply(to: datagram, datagram.text.uppercased())
        }
        return count
      }
      let client = try await remote.run { $0.openUDP("127.0.0.1", server.port) }
      var answers: [String] = []
      var iterator = client.makeAsyncIterator()
      for text in ["a", "b", "c"] {
        try await client.send(text)
        answers.append(try await iterator.next()?.text ?? "end")
      }
      #expect(answers == ["A", "B", "C"])
      #expect(try await server.counts().received == 3)
      server.close()
      #expect(try await serving.value == 3)
      await #expect(throws: NetError.self) { try await server.send("late", to: client.localAddress) }
    }
  }

  @Test func `Leaving the loop, cancelling its task and releasing it unread close the socket`() async throws {
    try await withReactorThread { remote in
      let left = try await remote.call { try $0.listenUDP(0) }
      let cancelled = try await remote.call { try $0.listenUDP(0) }
      let loops = (
        Task { for try await _ in left { break } },
        Task { for try await _ in cancelled {} }
      )
      let client = try await remote.run { $0.openUDP("127.0.0.1", left.port) }
      try await client.send("leave")
      try await loops.0.value
      loops.1.cancel()
      await #expect(throws: CancellationError.self) { try await loops.1.value }
      func release() async throws -> Int { try await remote.call { try $0.listenUDP(0) }.port }
      let released = try await release()
      for port in [left.port, cancelled.port, released] {
        try await remote.call { try $0.listenUDP(port) { _, _ in }.close() }
      }
      client.close()
      #expect(try await remote.settled { $0.handles.all(DatagramSocket.self).count } == 0)
    }
  }

  @Test func `A sender waits for room in the queue, and a cancelled one stops waiting`() async throws {
    let path = "/tmp/swirl-\(UInt64.random(in: 0 ... .max)).sock"
    let descriptor = Socket.datagram(AF_UNIX)
    #expect(Socket.bind(descriptor, to: SocketAddress(unixPath: path)!) == 0)
    defer {
      Socket.close(descriptor)
      unlink(path)
    }
    try await withReactorThread { remote in
      let client = try await remote.call { reactor in
        var options = DatagramOptions()
        options.maximumQueuedBytes = 1000
        return Datagrams(try reactor.connectUnixDatagrams(path, options: options))
      }
      let sending = Task {
        for _ in 0..<10_000 { try await client.send([UInt8](repeating: 1, count: 100)) }
      }
      // The kernel takes some, the queue the next, and then the sender waits.
      var last = -1
      while true {
        let queued = try await remote.call { $0.handles.all(DatagramSocket.self)[0].queuedBytes }
        if queued > 800, queued == last { break }
        last = queued
      }
      sending.cancel()
      await #expect(throws: CancellationError.self) { try await sending.value }
      client.close()
    }
  }
}
