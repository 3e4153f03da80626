import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

@Suite(.timeLimit(.minutes(10))) struct ConnectionListenerTests {
  @Test func `Leaving the loop frees the port and closes the connections that wait`() async throws {
    try await withReactorThread { remote in
      let server = try await remote.call { try $0.listenTCP(0) }
      let address = server.localAddress
      let first = try await remote.open(address)
      let second = try await remote.open(address)
      try await remote.turns { $0.handles.all(SocketTransport.self).count == 4 }
      var taken: Connection?
      for try await connection in server.connections {
        taken = connection
        break
      }
      try await remote.call { try $0.listenTCP(Int(address.port)) { _ in nil }.stop() }
      #expect(try await second.readAll().isEmpty)
      try await taken?.write("still there")
      taken?.closeWrite()
      #expect(try await first.readAll() == Array("still there".utf8))
    }
  }

  @Test func `Let go of unread, it listens no more`() async throws {
    try await withReactorThread { remote in
      func address() async throws -> SocketAddress { try await remote.call { try $0.listenTCP(0) }.localAddress }
      let free = try await address()
      try await remote.call { try $0.listenTCP(Int(free.port)) { _ in nil }.stop() }
    }
  }

  @Test func `A task that is cancelled while it waits for a connection frees the port`() async throws {
    try await withReactorThread { remote in
      let server = try await remote.call { try $0.listenTCP(0) }
      let serving = Task { for try await _ in server.connections {} }
      serving.cancel()
      await #expect(throws: CancellationError.self) { try await serving.value }
      try await remote.call { try $0.listenTCP(Int(server.localAddress.port)) { _ in nil }.stop() }
    }
  }

  @Test func `A slow taker stops accepting: the others wait in the kernel, and come when it takes`() async throws {
    try await withReactorThread { remote in
      let server = try await remote.call { try $0.listenTCP(0) }
      var clients: [Connection] = []
      for _ in 0..<40 { clients.append(try await remote.open(server.localAddress)) }
      #expect(try await remote.settled { $0.handles.all(SocketTransport.self).count } == 40 + 16)
      #expect(server.connections.bufferedCost == 16)
      var peers: [SocketAddress?] = []
      for try await connection in server.connections {
        peers.append(connection.peerAddress)
        if peers.count == 40 { break }
      }
      #expect(peers == clients.map(\.localAddress))
    }
  }

  @Test func `After stop() the connections that wait are taken, and the loop ends`() async throws {
    try await withReactorThread { remote in
      let server = try await remote.call { try $0.listenTCP(0) }
      let clients = [try await remote.open(server.localAddress), try await remote.open(server.localAddress)]
      try await remote.turns { $0.handles.all(SocketTransport.self).count == 4 }
      server.stop()
      server.stop()
      var count = 0
      for try await connection in server.connections {
        try await connection.write("\(count)")
        count += 1
      }
      #expect(count == 2)
      #expect(try await clients[1].readAll() == Array("1".utf8))
    }
  }

  @Test func `Over a Unix socket`() async throws {
    try await withReactorThread { remote in
      let path = "/tmp/swirl-\(getpid())-connections"
      let server = try await remote.call { try $0.listenUnix(path) }
      let serving = Task {
        for try await connection in server.connections {
          try await connection.write(try await connection.readAll())
        }
      }
      let client = try await remote.result { $0.openUnixConnection(path) }
      try await client.write("over a path")
      client.closeWrite()
      #expect(try await client.readAll() == Array("over a path".utf8))
      server.stop()
      try await serving.value
    }
  }
}
